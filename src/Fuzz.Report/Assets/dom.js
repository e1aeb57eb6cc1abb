"use strict";
// Elements and words. The scripts of the page share one scope, in the order dom, overview, stepper, page.

const byId = id => document.getElementById(id);

/** Makes an element. Words always become text nodes. */
function el(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name.startsWith("on")) {
      made.addEventListener(name.slice(2), value);
    } else if (name === "--cpu") {
      made.style.setProperty("--cpu", `var(--cpu${value % 8})`);
      made.style.setProperty("--cpu-index", value);
    } else if (value !== null && value !== undefined && value !== false) {
      made.setAttribute(name, value === true ? "" : value);
    }
  }
  made.append(...children.flat(Infinity).filter(child => child !== null && child !== undefined && child !== ""));
  return made;
}

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });
const NOTHING = "–";
const count = value => value === null || value === undefined ? NOTHING : whole.format(value);
const compact = value => Math.abs(value) < 10000 ? whole.format(value) : short.format(value);
const plural = (value, noun) => `${count(value)} ${noun}${value === 1 ? "" : "s"}`;

/** Seconds in words of at most two units: 45 s, 2 min 5 s, 3 h 20 min, 2 d 4 h. */
function duration(seconds) {
  if (seconds === null || seconds === undefined) {
    return NOTHING;
  }
  const units = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  const first = units.findIndex(([, size]) => seconds >= size);
  if (first < 0) {
    return "0 s";
  }
  const parts = [];
  for (const [name, size] of units.slice(first, first + 2)) {
    const some = Math.floor(seconds / size);
    seconds -= some * size;
    if (some > 0) {
      parts.push(`${some} ${name}`);
    }
  }
  return parts.join(" ");
}

const moment = seconds => seconds > 0 && seconds < 1e11
  ? new Date(seconds * 1000).toLocaleString([], { dateStyle: "medium", timeStyle: "short" })
  : "an unknown time";
const color = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
