// What all pages of a study share: data that is loaded when it is asked for, small helpers, figures.

const study = document.querySelector("[data-study]");
const facts = study && JSON.parse(document.querySelector("script[data-facts]").textContent);
const waiting = new Map();

// A page from a disk cannot fetch; a script can be loaded, and calls this with what it holds.
window.auricleStudy = {
  put(name, value) {
    waiting.get(name)?.done(value);
  },
};

function load(name, file) {
  if (!waiting.has(name)) {
    const entry = {};
    entry.promise = new Promise((done, failed) => {
      entry.done = done;
      const script = document.createElement("script");
      script.src = file;
      script.onerror = () => {
        waiting.delete(name);
        failed(new Error(`${file} is missing beside this page; copy the whole folder, or run the study's overview again.`));
      };
      script.onload = () => script.remove();
      document.head.append(script);
    });
    waiting.set(name, entry);
  }
  return waiting.get(name).promise;
}

const loadData = (name) => load(name, `data/${name}.js`);
const clipAddress = (key) => `clip.html#${encodeURIComponent(key)}`;
const audioAddress = (path) => "../" + path.split("/").map(encodeURIComponent).join("/");

// make("td", { class: "text" }, "words", child) – texts are texts, never HTML.
function make(tag, attributes = {}, ...children) {
  const svg = ["svg", "circle", "path", "g", "title"].includes(tag) && attributes.svg !== undefined;
  const node = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false || name === "svg") continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((each) => each !== null && each !== undefined && each !== false));
  return node;
}

// A figure for a person: as many digits as matter, a true minus, a dash for nothing.
function number(value, digits = 3) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  const size = Math.abs(value);
  if (Number.isInteger(value) || size >= 1000) return Math.round(value).toLocaleString("en").replaceAll("-", "−");
  if (digits > 2 && size < 0.001) {
    const [mantissa, power] = value.toExponential(1).split("e");
    return `${mantissa} × 10${[...power.replace("+", "")].map((each) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(each)]).join("")}`.replaceAll("-", "−");
  }
  const text = value.toFixed(Math.max(digits - (size >= 1 ? Math.floor(Math.log10(size)) + 1 : 0), 0));
  return Number(text) === 0 ? text.replace("-", "") : text.replaceAll("-", "−");
}

const share = (value) => (value === null || value === undefined ? "–" : value.toFixed(2).replace("-", "−"));
const column = (name) => facts.columns[name] ?? { title: name, tip: "", better: 0 };
const arrow = (better) => (better > 0 ? " ↑" : better < 0 ? " ↓" : "");

function failed(where, error) {
  where.replaceChildren(make("div", { class: "warning", role: "alert" }, error.message));
}

function options(select, values, chosen) {
  select.replaceChildren(...values.map(([value, text]) => make("option", { value, selected: value === chosen }, text)));
}
