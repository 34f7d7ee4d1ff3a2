// "Can you see this one?": a printed grid in which some numbers are wrong.

addEventListener("DOMContentLoaded", () => {
  for (const teaser of document.querySelectorAll(".teaser")) {
    const said = teaser.querySelector(".verdict");
    const wrong = teaser.querySelectorAll("button[data-right]").length;
    let found = 0;
    teaser.querySelectorAll("button").forEach((button) => button.addEventListener("click", () => {
      const right = button.dataset.right;
      if (right === undefined) {
        said.textContent = `${button.textContent} is right. Another one?`;
        return;
      }
      if (!button.classList.contains("found")) found += 1;
      button.classList.add("found");
      const more = wrong - found;
      said.textContent = `Yes: ${button.textContent} should be ${right}. `
        + (more ? `There is ${more} more.` : "Those are all.");
    }));
  }
});
