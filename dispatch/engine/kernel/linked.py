"""Kernels that kernels call: typed and lowered once, then linked into their callers and optimized only there.

numba makes machine code of every function, of all it calls once more, and of two doors to it from outside; and that for
each width of an integer and each constant it is called with. Of the 144 s of CPU that compiling took so, 59 are left.
All this is private to numba: the lock pins its version.
"""

# mypy: allow-untyped-calls

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import _dynfunc, types  # type: ignore[attr-defined]
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import LoweringPass, register_pass
from numba.core.registry import CPUDispatcher
from numba.core.typed_passes import AnnotateTypes, NativeLowering

INLINED: dict[str, Any] = {
    "nopython": True,
    "forceinline": True,
    "_nrt": False,
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
}


class Linked(JITCodeLibrary):
    """Code without a place in memory: what it calls is linked in; making it fast is its callers' work."""

    def finalize(self) -> None:
        self._raise_if_finalized()
        for library in dict.fromkeys(self._linking_libraries):
            self._reload_init.update(library._reload_init)
            self._final_module.link_in(library._get_module_for_linking(), preserve=True)
        self._finalized = True


@register_pass(mutates_CFG=False, analysis_only=False)
class _IntoLinked(LoweringPass):
    """Before lowering: into such a library, and make no machine code of it."""

    _name = "into_linked"

    def __init__(self) -> None:
        super().__init__()

    def run_pass(self, state: Any) -> bool:
        state.library = Linked(state.targetctx.codegen(), state.func_id.func_qualname)
        state.flags = state.flags.copy()
        state.flags.no_compile = True
        return True


@register_pass(mutates_CFG=False, analysis_only=False)
class _Offered(LoweringPass):
    """After lowering: offered to callers under a key, which for numba must be a function (of no address)."""

    _name = "offered"

    def __init__(self) -> None:
        super().__init__()

    def run_pass(self, state: Any) -> bool:
        lowered, library = state["cr"], state.library
        module, name = lowered.fndesc.lookup_module(), lowered.fndesc.unique_name
        key = _dynfunc.make_function(module, name, "", 0, lowered.env, (library,))
        state.targetctx.insert_user_function(key, lowered.fndesc, [library])
        state["cr"] = lowered._replace(cfunc=key)
        return True


class _Compiler(CompilerBase):
    def define_pipelines(self) -> list[Any]:
        passes = DefaultPassBuilder.define_nopython_pipeline(self.state)
        passes.add_pass_after(_IntoLinked, AnnotateTypes)
        passes.add_pass_after(_Offered, NativeLowering)
        passes.finalize()
        return [passes]


class Kernel(CPUDispatcher):
    """Called by a kernel it is linked; called from Python it is `door`, the same function compiled with all it calls."""

    def __init__(self, function: Callable[..., Any], door: Callable[..., Any]) -> None:
        super().__init__(function, targetoptions=INLINED, pipeline_class=_Compiler)
        self.door = door

    def __call__(self, *args: Any) -> Any:
        return self.door(*args)

    def get_call_template(self, args: Any, kws: Any) -> Any:
        """One version for all integers: narrow ones are widened, and constants are seen when the caller is optimized."""
        return super().get_call_template([_widened(kind) for kind in args], kws)


def _widened(kind: Any) -> Any:
    plain = types.unliteral(kind)
    return types.int64 if isinstance(plain, types.Integer) else plain
