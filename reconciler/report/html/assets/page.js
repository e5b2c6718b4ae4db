"use strict";

// Search, filters and keyboard of the page. Without it, everything is there to read.

(() => {
  const filter = document.getElementById("filter");
  if (!filter) return;

  const search = document.getElementById("search");
  const shown = document.getElementById("shown");
  const none = document.getElementById("none");
  const selects = [...filter.querySelectorAll("select")];
  const chips = [...filter.querySelectorAll("input[type=checkbox]")];
  const number = new Intl.NumberFormat("en");

  const groups = [...document.querySelectorAll(".group")].map((section) => ({
    section,
    count: section.querySelector(".count"),
    parts: [...section.querySelectorAll(":scope > div")].map((part) => ({
      part,
      entries: [...part.querySelectorAll(".entry")].map((details) => ({ details, text: null, left: true })),
    })),
  }));
  const entries = groups.flatMap((group) => group.parts.flatMap((part) => part.entries));

  /** What the search looks through; read once, when it is first asked for. */
  function textOf(entry) {
    entry.text ??= `${entry.details.textContent} ${entry.details.dataset.label ?? ""}`.toLowerCase();
    return entry.text;
  }

  /** Read it piece by piece while nothing else is to do, so that the first search is fast too. */
  function readAhead(entries) {
    const idle = window.requestIdleCallback ?? ((step) => setTimeout(() => step({ timeRemaining: () => 10 }), 20));
    idle((deadline) => {
      while (entries.length && deadline.timeRemaining() > 1) entries.splice(-50).forEach(textOf);
      if (entries.length) readAhead(entries);
    });
  }

  /** The test every entry has to pass, as the filters stand now. */
  function wanted() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const fixed = selects.filter((select) => select.value).map((select) => [select.name, select.value]);
    const ticked = chips.filter((chip) => chip.checked);
    const facet = chips[0]?.name;
    const values = new Set(ticked.map((chip) => chip.value));
    return (entry) => {
      const data = entry.details.dataset;
      return (
        (values.size === 0 || values.has(data[facet])) &&
        fixed.every(([name, value]) => (name === "label" ? labelled(data, value) : data[name] === value)) &&
        words.every((word) => textOf(entry).includes(word))
      );
    };
  }

  function labelled(data, value) {
    return data.label !== undefined && JSON.parse(data.label).includes(value);
  }

  function apply() {
    const passes = wanted();
    let left = 0;
    for (const group of groups) {
      let count = 0;
      let all = 0;
      for (const { part, entries } of group.parts) {
        for (const entry of entries) entry.left = passes(entry);
        const some = entries.filter((entry) => entry.left).length;
        if (part.hidden !== (some === 0)) part.hidden = some === 0;
        if (some) for (const { details, left } of entries) if (details.hidden === left) details.hidden = !left;
        count += some;
        all += entries.length;
      }
      group.count.textContent = count === all ? number.format(all) : `${number.format(count)} of ${number.format(all)}`;
      group.section.hidden = count === 0;
      left += count;
    }
    none.hidden = left > 0;
    tell(left);
  }

  function tell(left) {
    const noun = filter.dataset.noun;
    const all = number.format(entries.length);
    document.getElementById("reset").hidden = !isFiltered();
    shown.textContent = left === entries.length ? `${all} ${noun}` : `${number.format(left)} of ${all} ${noun}`;
  }

  function isFiltered() {
    return Boolean(search.value) || selects.some((select) => select.value) || chips.some((chip) => chip.checked);
  }

  function reset() {
    search.value = "";
    for (const select of selects) select.value = "";
    for (const chip of chips) chip.checked = false;
    search.focus({ preventScroll: true }); // before anything changes: it waits for the layout
    apply();
  }

  function openAll(open) {
    for (const entry of entries) if (entry.left) entry.details.open = open;
  }

  /** A link to an object leads to it, opened, whatever is filtered. */
  function follow() {
    const target = document.getElementById(location.hash.slice(1));
    if (!target?.classList.contains("entry")) return;
    if (entries.some((entry) => entry.details === target && !entry.left)) reset();
    target.open = true;
    target.scrollIntoView();
    target.querySelector("summary").focus({ preventScroll: true });
  }

  /** Arrow keys lead from headline to headline, as in a list. */
  function move(event) {
    if (!["ArrowDown", "ArrowUp", "Home", "End"].includes(event.key) || event.target.tagName !== "SUMMARY") return;
    const headlines = entries.filter((entry) => entry.left).map((entry) => entry.details.firstElementChild);
    const here = headlines.indexOf(event.target);
    const there = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: headlines.length - 1 }[event.key];
    if (here < 0 || !headlines[there]) return;
    event.preventDefault();
    headlines[there].focus();
  }

  let before = [];
  window.addEventListener("beforeprint", () => {
    before = [...document.querySelectorAll("#list details:not([open])")];
    for (const details of before) details.open = true;
  });
  window.addEventListener("afterprint", () => {
    for (const details of before) details.open = false;
  });

  search.addEventListener("input", apply);
  search.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && search.value) {
      search.value = "";
      apply();
    }
  });
  filter.addEventListener("change", (event) => {
    if (event.target !== search) apply();
  });
  document.getElementById("reset").addEventListener("click", reset);
  document.getElementById("open").addEventListener("click", () => openAll(true));
  document.getElementById("close").addEventListener("click", () => openAll(false));
  document.getElementById("list").addEventListener("keydown", move);
  window.addEventListener("hashchange", follow);

  filter.hidden = false;
  tell(entries.length);
  readAhead([...entries].reverse());
  if (location.hash) follow();
})();
