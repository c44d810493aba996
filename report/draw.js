// Draws every chart of the page from the specification beside it. Expressions are interpreted (ast), never compiled, so the
// page needs no unsafe-eval.
"use strict";
(() => {
  const config = JSON.parse(document.getElementById("theme").textContent);
  const options = {
    mode: "vega-lite", renderer: "svg", actions: false, ast: true, defaultStyle: false, config,
    tooltip: { disableDefaultStyle: true },
  };
  const failed = (holder, error) => {
    holder.textContent = "This chart could not be drawn; its numbers are below.";
    console.error(error);
  };
  const drawn = [...document.querySelectorAll(".chart")].map((holder) => {
    const specification = JSON.parse(holder.parentElement.querySelector(".specification").textContent);
    return vegaEmbed(holder, specification, options).catch((error) => failed(holder, error));
  });
  Promise.all(drawn).then(() => { document.documentElement.dataset.drawn = drawn.length; });

  const folded = () => document.querySelectorAll("details:not([open])");
  addEventListener("beforeprint", () => folded().forEach((part) => { part.open = true; part.dataset.folded = ""; }));
  addEventListener("afterprint", () => document.querySelectorAll("[data-folded]").forEach((part) => { part.open = false; }));
})();
