// Comforts only: every page works without this file.

for (const form of document.querySelectorAll("form[data-submit-on-change]")) {
  form.querySelector("button").hidden = true;
  form.addEventListener("change", (event) => {
    if (event.target.checkValidity()) form.requestSubmit();
  });
}

// A button is pressed once; its form says what is being done.
for (const form of document.querySelectorAll("form[data-busy]")) {
  form.addEventListener("submit", (event) => {
    if (form.ariaBusy === "true") return event.preventDefault();
    form.ariaBusy = "true";
    // After the values were collected: a disabled button sends none.
    setTimeout(() => {
      const pressed = event.submitter ?? form.querySelector("button");
      pressed.textContent = form.dataset.busy;
      for (const button of form.querySelectorAll("button")) button.disabled = true;
    });
  });
}

// Coming back with the browser's button shows the page as it was left: free again.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

const drivers = () => [...document.querySelectorAll("details.driver")];
const opener = document.querySelector("button[data-open-all]");

function nameOpener() {
  const areAllOpen = drivers().every((driver) => driver.open);
  opener.textContent = areAllOpen ? opener.dataset.closeAll : opener.dataset.openAll;
}

if (opener) {
  opener.hidden = false;
  nameOpener();
  opener.addEventListener("click", () => {
    const open = !drivers().every((driver) => driver.open);
    for (const driver of drivers()) driver.open = open;
  });
  for (const driver of drivers()) driver.addEventListener("toggle", nameOpener);
}

// A block on a time bar leads to its line in the table, an answer to its trip.
function showTarget() {
  const target = document.getElementById(location.hash.slice(1));
  if (!target?.id.startsWith("trip-")) return;
  const driver = target.closest("details.driver");
  if (driver) driver.open = true;
  target.scrollIntoView({ block: "center" });
  target.focus({ preventScroll: true });
}

addEventListener("hashchange", showTarget);
showTarget();
