// The slider between fair and cheap. Without this file the plans are cards side by side, each with its button.

for (const slider of document.querySelectorAll("[data-pareto]")) {
  const range = slider.querySelector("input[type=range]");
  const said = slider.querySelector("output");
  const plans = [...document.getElementById(slider.dataset.pareto).children];

  function show() {
    const chosen = plans[range.valueAsNumber];
    for (const plan of plans) plan.ariaCurrent = plan === chosen ? "true" : null;
    said.textContent = chosen.dataset.says;
    range.ariaValueText = chosen.dataset.says;
  }

  range.addEventListener("input", show);
  // A plan that is looked at by its card, or reached with the keyboard, is the one of the slider.
  for (const [position, plan] of plans.entries()) {
    plan.addEventListener("focusin", () => {
      range.value = position;
      show();
    });
  }
  slider.hidden = false;
  plans[0].parentElement.classList.add("slid");
  show();
}
