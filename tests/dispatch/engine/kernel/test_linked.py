from __future__ import annotations

import os

import numba
import numpy as np
import pytest
from numba import types

from dispatch.engine.kernel.linked import Kernel

pytestmark = pytest.mark.skipif(
    "NUMBA_DISABLE_JIT" in os.environ, reason="nothing is linked where nothing is compiled"
)


def kernel(function):
    return Kernel(function, numba.njit(function))


@kernel
def halved(number):
    return number // 2


@kernel
def quartered(number):
    return halved(halved(number))


@kernel
def sum_of_three(narrow):
    return halved(narrow[0]) + halved(6) + quartered(np.int64(8))


@kernel
def smallest(pair, flag):
    return min(pair[0], pair[1]) if flag else -1


@kernel
def smallest_of_two(numbers):
    return smallest((numbers[0], 3), numbers[0] > 0)


def test_kernels_call_kernels_that_call_kernels():
    assert sum_of_three(np.array([10], np.int32)) == 5 + 3 + 2


def test_one_version_serves_all_integers():
    sum_of_three(np.array([10], np.int32))
    assert list(halved.overloads) == [(types.int64,)]


def test_constants_in_a_pair_are_no_version_either_and_a_truth_stays_one():
    assert [smallest_of_two(np.array([n])) for n in (2, 4, -1)] == [2, 3, -1]
    assert list(smallest.overloads) == [(types.UniTuple(types.int64, 2), types.boolean)]


def test_called_from_python_a_kernel_is_compiled_as_it_is_called():
    assert quartered(9) == 2
    assert quartered.door.signatures == [(types.int64,)]
    assert not quartered.overloads or list(quartered.overloads) == [(types.int64,)]


def test_what_is_only_linked_has_no_machine_code():
    sum_of_three(np.array([10], np.int32))
    (version,) = halved.overloads.values()
    assert version.library.get_pointer_to_function(version.fndesc.mangled_name) == 0
