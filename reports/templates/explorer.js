// The page's diagram, slider and curves. Everything is in the page: nothing is fetched.
"use strict";
(() => {
  const MISSING = -32768, WORST = 50, WINDOW_DAYS = 7, FRAMES_A_SECOND = 12, FULLEST = 12;
  const NARROW = 560, LINE = 16, COLOURED_WIDTH = "2.6";
  const facts = JSON.parse(document.getElementById("explorer-facts").textContent);
  const words = JSON.parse(document.getElementById("explorer-words").textContent);
  const root = document.getElementById("explorer");
  const byId = (name) => document.getElementById(`explorer-${name}`);
  const state = { lang: "en", member: facts.full, step: 0, view: "single_line", colour: "branches", heat: "before", outage: -1, paid: "" };
  let columns = [], worst = [], playing = null;

  // --- data -------------------------------------------------------------------------------------
  async function unpack() {
    const text = atob(document.getElementById("explorer-data").textContent.trim());
    const packed = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
    const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
    const count = facts.count;
    const found = [];
    facts.series.forEach((series, number) => {
      const low = number * 2 * count, high = low + count, values = new Int16Array(count);
      const base = series.base === undefined ? null : found[series.base].values;
      let last = 0;
      for (let t = 0; t < count; t += 1) {
        last = (last + bytes[low + t] + 256 * bytes[high + t]) & 0xffff;
        values[t] = base ? last + base[t] : last; // 16 bits with a sign: what is over is cut off, as it was packed
      }
      found.push({ ...series, values });
    });
    if (facts.picked) {
      const first = facts.series.length * 2 * count;
      const cells = (bytes.length - first) / 2;
      let last = 0;
      afterOutage = new Int16Array(cells);
      for (let k = 0; k < cells; k += 1) {
        last = (last + bytes[first + k] + 256 * bytes[first + cells + k]) & 0xffff;
        afterOutage[k] = last;
      }
      facts.picked.branches.forEach((name, number) => placeOfBranch.set(name, number));
      facts.picked.steps.forEach((t, number) => placeOfStep.set(t, number));
    }
    return found;
  }
  let afterOutage = null; // outage by outage, branch by branch, half-hour by half-hour
  const placeOfBranch = new Map(), placeOfStep = new Map();
  const isPicked = (t = state.step) => state.outage >= 0 && afterOutage !== null && placeOfStep.has(t);
  function loadingAfter(branch, t) { // of the outage that is picked
    const { branches, steps, scale } = facts.picked;
    const row = state.outage * branches.length + placeOfBranch.get(branch);
    const value = afterOutage[row * steps.length + placeOfStep.get(t)];
    return value === undefined || value === MISSING ? NaN : value * scale;
  }
  function worstAfter(t) {
    let found = ["", NaN];
    for (const name of placeOfBranch.keys()) {
      const value = loadingAfter(name, t);
      if (value > found[1] || (Number.isFinite(value) && !found[0])) found = [name, value];
    }
    return found;
  }
  // what the diagram shows of a branch or bus now: after the picked outage where its loadings are kept
  const shown = (column, t = state.step) => column && column.table === "branches" && isPicked(t) && placeOfBranch.has(column.element)
    ? loadingAfter(column.element, t) : at(column, t);
  const at = (column, t) => (!column || column.values[t] === MISSING ? NaN : column.values[t] * column.step);
  const seriesOf = (name) => columns.find((one) => one.member === state.member && one.name === name);
  const elements = (table) => columns.filter((one) => one.table === table);
  const word = (key) => words[state.lang][key] ?? key;

  // --- time -------------------------------------------------------------------------------------
  const start = Date.parse(`${facts.start}:00Z`), stepsPerDay = Math.round(1440 / facts.step_minutes);
  const firstOfDay = Math.round((start % 86400000) / 60000 / facts.step_minutes);
  const moment = (t) => new Date(start + t * facts.step_minutes * 60000).toISOString().slice(0, 16).replace("T", " ");
  const number = (value, digits) => (Number.isFinite(value) ? value.toFixed(digits).replace("-", "\u2212") : "–");

  // --- colours ----------------------------------------------------------------------------------
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const ramp = [[0, [70, 130, 180]], [50, [0, 158, 115]], [80, [230, 159, 0]], [100, [213, 94, 0]], [130, [140, 10, 10]]];
  function colourOf(percent) {
    if (!Number.isFinite(percent)) return css("grid");
    let below = ramp[0];
    for (const above of ramp) {
      if (percent <= above[0]) {
        const share = above[0] === below[0] ? 0 : (percent - below[0]) / (above[0] - below[0]);
        return `rgb(${above[1].map((c, i) => Math.round(below[1][i] + share * (c - below[1][i]))).join(",")})`;
      }
      below = above;
    }
    return `rgb(${ramp[ramp.length - 1][1].join(",")})`;
  }
  const DEGREES = [20, 50, 70, 90, 105]; // in the colours of 0, 50, 80, 100 and 130 %
  function colourOfConductor(celsius) {
    if (!(celsius > DEGREES[0])) return colourOf(Number.isFinite(celsius) ? 0 : NaN);
    const k = DEGREES.findIndex((end) => celsius <= end);
    if (k < 0) return colourOf(ramp[ramp.length - 1][0]);
    const share = (celsius - DEGREES[k - 1]) / (DEGREES[k] - DEGREES[k - 1]);
    return colourOf(ramp[k - 1][0] + share * (ramp[k][0] - ramp[k - 1][0]));
  }
  const colourOfVoltage = (pu) => colourOf(Number.isFinite(pu) ? 50 + Math.abs(pu - 1) * 1000 : NaN);
  const KINDS = { // by what the diagram is coloured with
    branches: { unit: "%", digits: 1, colour: colourOf, keys: ["0 %", "50 %", "80 %", "100 %", "≥ 130 %"] },
    bus: { unit: "pu", digits: 3, colour: colourOfVoltage, keys: ["", "1.00 pu", "±0.03 pu", "±0.05 pu", "±0.08 pu"] },
    conductor: { unit: "°C", digits: 1, colour: colourOfConductor, keys: ["≤ 20 °C", "50 °C", "70 °C", "90 °C", "≥ 105 °C"] },
  };
  const colourOfFlow = (mw, reach) => {
    if (!Number.isFinite(mw)) return css("grid");
    const share = Math.min(1, Math.abs(mw) / reach), end = mw > 0 ? [0, 114, 178] : [141, 90, 151];
    return `rgb(${end.map((c) => Math.round(245 + share * (c - 245))).join(",")})`;
  };

  // --- diagram ----------------------------------------------------------------------------------
  const drawn = new Map(), own = new Map(); // elements by name; the drawing's own style of each shape
  function findDrawn() {
    for (const node of root.querySelectorAll("[data-branch], [data-bus]")) {
      const key = node.dataset.branch ? `branches ${node.dataset.branch.replace(/#\d+$/, "")}` : `bus ${node.dataset.bus}`;
      if (!drawn.has(key)) drawn.set(key, []);
      drawn.get(key).push(node);
      for (const shape of node.querySelectorAll("path, use, line, circle")) own.set(shape, shape.style.cssText);
      const show = () => tell(key);
      node.addEventListener("mouseenter", show);
      node.addEventListener("mouseleave", () => tell(""));
    }
  }
  let told = "";
  function tell(key) {
    told = key;
    const column = linkOrBus(key);
    byId("told").textContent = !column ? "" :
      `${column.labels[state.lang]}: ${number(shown(column), KINDS[column.table].digits)} ${KINDS[column.table].unit}`;
  }
  const painted = new Map(); // the colour that each element has now: only what changes is painted
  function paintDiagram() {
    const isFull = state.member === facts.full;
    for (const [key, nodes] of drawn) {
      const [table] = key.split(" ", 1), column = linkOrBus(key);
      let colour = "";
      if (isFull && (state.colour === "bus") === (table === "bus")) colour = KINDS[state.colour].colour(shown(column));
      if (painted.get(key) === colour) continue;
      painted.set(key, colour);
      for (const node of nodes) {
        for (const shape of node.querySelectorAll("path, use, line, circle")) {
          shape.style.cssText = own.get(shape);
          if (!colour) continue;
          shape.style.stroke = colour;
          if (table !== "bus") shape.style.strokeWidth = COLOURED_WIDTH;
          if (table === "bus" && shape.style.fill !== "none") shape.style.fill = colour;
        }
      }
    }
    byId("partial").hidden = isFull;
  }
  const kept = new Map(); // series of branches and buses by key
  const linkOrBus = (key) => kept.get(state.colour === "conductor" ? key.replace(/^branches /, "conductor ") : key);
  function paintFullest() {
    const list = byId("fullest"), rows = elements(state.colour).map((one) => [one.labels[state.lang], shown(one)]);
    const { unit, digits } = KINDS[state.colour];
    rows.sort((a, b) => (state.colour === "bus" ? a[1] - b[1] : b[1] - a[1]));
    list.replaceChildren();
    if (state.member !== facts.full) return;
    for (const [name, value] of rows.filter((row) => Number.isFinite(row[1])).slice(0, FULLEST)) {
      const row = document.createElement("tr"), head = document.createElement("th"), cell = document.createElement("td");
      head.scope = "row";
      head.textContent = name;
      cell.textContent = `${number(value, digits)} ${unit}`;
      row.append(head, cell);
      list.append(row);
    }
  }

  // --- curves and heat map ----------------------------------------------------------------------
  function context(canvas) {
    const ratio = window.devicePixelRatio || 1, box = canvas.getBoundingClientRect();
    if (canvas.width !== Math.round(box.width * ratio)) canvas.width = Math.round(box.width * ratio);
    if (canvas.height !== Math.round(box.height * ratio)) canvas.height = Math.round(box.height * ratio);
    const pen = canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, box.width, box.height);
    pen.font = "12px sans-serif";
    return [pen, box.width, box.height];
  }
  const rowsOf = (curves, width) => (width < NARROW ? curves.filter(([column]) => column).length : 1);
  const span = () => {
    const half = Math.floor((WINDOW_DAYS * stepsPerDay) / 2);
    const first = Math.max(0, Math.min(state.step - half, facts.count - 2 * half));
    return [first, Math.min(facts.count, first + 2 * half)];
  };
  function ticks(low, high) {
    const rough = (high - low) / 3, power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough);
    const found = [];
    for (let value = Math.ceil(low / step) * step; value <= high + 1e-9; value += step) found.push(value);
    return found;
  }
  function panel(pen, top, height, left, width, curves, unit, limit) {
    const [first, last] = span();
    let low = 0, high = limit ?? 1;
    for (const [column] of curves) {
      for (let t = first; t < last; t += 1) {
        const value = at(column, t);
        if (value < low) low = value;
        if (value > high) high = value;
      }
    }
    const x = (t) => left + ((t - first) / Math.max(1, last - first - 1)) * width;
    const y = (value) => top + height - ((value - low) / (high - low || 1)) * height;
    pen.strokeStyle = css("grid");
    pen.fillStyle = css("ink");
    pen.textAlign = "right";
    for (const value of ticks(low, high)) {
      pen.beginPath(); pen.moveTo(left, y(value)); pen.lineTo(left + width, y(value)); pen.stroke();
      pen.fillText(number(value, 0), left - 6, y(value) + 4);
    }
    if (limit !== undefined) {
      pen.strokeStyle = css("limit");
      pen.beginPath(); pen.moveTo(left, y(limit)); pen.lineTo(left + width, y(limit)); pen.stroke();
    }
    let place = left, line = top - 16 - LINE * (rowsOf(curves, width) - 1);
    pen.textAlign = "left";
    for (const [column, name, colour] of curves) {
      if (!column) continue;
      pen.strokeStyle = colour;
      pen.lineWidth = 1.6;
      pen.beginPath();
      let isOpen = false;
      for (let t = first; t < last; t += 1) {
        const value = at(column, t);
        if (!Number.isFinite(value)) { isOpen = false; continue; }
        if (isOpen) pen.lineTo(x(t), y(value)); else pen.moveTo(x(t), y(value));
        isOpen = true;
      }
      pen.stroke();
      const label = `${name}: ${number(at(column, state.step), 1)} ${unit}`;
      pen.fillStyle = colour;
      pen.fillRect(place, line, 10, 10);
      pen.fillStyle = css("ink");
      pen.fillText(label, place + 14, line + 9);
      if (width < NARROW) line += LINE;
      else place += 30 + pen.measureText(label).width;
    }
    pen.lineWidth = 1;
    pen.strokeStyle = css("ink");
    pen.beginPath(); pen.moveTo(x(state.step), top); pen.lineTo(x(state.step), top + height); pen.stroke();
    return x;
  }
  function paintCurves() {
    const [pen, width, height] = context(byId("curves")), left = 40, inner = width - left - 8;
    const more = inner < NARROW ? LINE : 0, each = (height - 100 - 2 * more) / 3;
    const upper = [[seriesOf("export"), word("export"), "#0072b2"], [seriesOf("cut"), word("cut"), "#d55e00"]];
    panel(pen, 22 + more, each, left, inner, upper, "MW");
    const middle = [[seriesOf("before"), word("before"), "#d55e00"], [seriesOf("after"), word("after"), "#0072b2"]];
    panel(pen, 52 + each + 2 * more, each, left, inner, middle, "%", 100);
    const lower = seriesOf("conductor") ? [[seriesOf("conductor"), word("conductor"), "#8c6d31"]]
      : [[seriesOf("area"), word("area"), "#56b4e9"]];
    const x = panel(pen, 82 + 2 * each + 2 * more, each, left, inner, lower, seriesOf("conductor") ? "°C" : "MW");
    const [first, last] = span();
    pen.textAlign = "center";
    for (let t = first; t < last; t += 1) {
      if ((t + firstOfDay) % stepsPerDay === stepsPerDay / 2) pen.fillText(moment(t).slice(5, 10), x(t), height - 2);
    }
  }
  const days = Math.ceil((facts.count + firstOfDay) / stepsPerDay);
  function paintHeat() {
    const [pen, width, height] = context(byId("heat")), column = seriesOf(state.heat);
    const left = 40, bottom = 18, cellWidth = (width - left) / days, cellHeight = (height - bottom) / stepsPerDay;
    let reach = 1;
    if (state.heat === "export" && column) {
      for (let t = 0; t < facts.count; t += 1) reach = Math.max(reach, Math.abs(at(column, t)) || 0);
    }
    for (let t = 0; t < facts.count; t += 1) {
      const slot = t + firstOfDay, day = Math.floor(slot / stepsPerDay), of = slot % stepsPerDay;
      pen.fillStyle = state.heat === "export" ? colourOfFlow(at(column, t), reach) : colourOf(at(column, t));
      pen.fillRect(left + day * cellWidth, height - bottom - (of + 1) * cellHeight, cellWidth + 0.6, cellHeight + 0.6);
    }
    pen.fillStyle = css("ink");
    pen.textAlign = "right";
    for (const hour of [0, 6, 12, 18, 24]) {
      pen.fillText(`${hour}`, left - 6, height - bottom - ((height - bottom) * hour) / 24 + (hour === 24 ? 10 : 2));
    }
    pen.textAlign = "center";
    const every = Math.max(1, Math.ceil(days / Math.max(2, Math.floor(width / 80))));
    for (let day = Math.floor(every / 2); day < days; day += every) {
      const t = day * stepsPerDay - firstOfDay;
      if (t < facts.count) pen.fillText(moment(Math.max(0, t)).slice(5, 10), left + (day + 0.5) * cellWidth, height - 3);
    }
    heatPlace = { left, bottom, cellWidth, cellHeight, height };
    paintMark();
  }
  let heatPlace = null;
  function paintMark() {
    if (!heatPlace) return;
    const slot = state.step + firstOfDay, mark = byId("mark"), { left, bottom, cellWidth, cellHeight, height } = heatPlace;
    mark.style.left = `${left + Math.floor(slot / stepsPerDay) * cellWidth + cellWidth / 2}px`;
    mark.style.top = `${height - bottom - ((slot % stepsPerDay) + 0.5) * cellHeight}px`;
  }

  // --- controls ---------------------------------------------------------------------------------
  function paintAfter() {
    const is = (name) => at(seriesOf(name), state.step), picked = isPicked();
    const outage = picked ? facts.outages[state.outage] : state.outage < 0 || !afterOutage ? facts.outages[is("trip_outage")] : null;
    const [fullest, loading] = picked ? worstAfter(state.step) : ["", NaN];
    const element = picked ? kept.get(`branches ${fullest}`) : facts.after_elements[is("trip_element")];
    const nameOf = (one) => one?.element ?? one?.name;
    for (const [key, nodes] of drawn) {
      const name = key.replace(/^branches /, "");
      for (const node of nodes) {
        node.classList.toggle("tripped", Boolean(outage) && name === outage.name);
        node.classList.toggle("worst", Boolean(element) && name === nameOf(element));
      }
    }
    const told = (text) => text.replace("{outage}", () => outage.labels[state.lang])
      .replace("{element}", () => element?.labels[state.lang] ?? "–");
    byId("after").hidden = !facts.outages.length;
    byId("after").textContent = state.member !== facts.full ? word("outage.none")
      : picked ? told(word(fullest ? "outage.picked" : "outage.unsolved")).replace("{loading}", number(loading, 1))
        : !outage ? (state.outage >= 0 ? word("outage.not_kept") : "")
          : told(word("outage.told")).replace("{loading}", number(is("trip_loading"), 1))
            .replace("{controlled}", number(is("trip_controlled"), 1)).replace("{low}", number(is("trip_low_vm"), 3));
  }
  function rankWorst() {
    worst = [];
    if (state.outage >= 0 && afterOutage) {
      const of = new Map(facts.picked.steps.map((t) => [t, worstAfter(t)[1]]));
      worst = [...of.keys()].filter((t) => Number.isFinite(of.get(t))).sort((a, b) => of.get(b) - of.get(a) || a - b);
      return;
    }
    const codes = state.outage >= 0 ? seriesOf("trip_outage") : null;
    const column = codes ? seriesOf("trip_loading") : seriesOf("before");
    if (!column) return;
    for (let t = 0; t < facts.count; t += 1) {
      if (Number.isFinite(at(column, t)) && (!codes || at(codes, t) === state.outage)) worst.push(t);
    }
    worst.sort((a, b) => at(column, b) - at(column, a) || a - b);
    worst = worst.slice(0, WORST);
  }
  function paintGains() {
    const list = byId("gains"), select = byId("paid"), atPoint = facts.money?.by_point[facts.members[state.member].point] ?? {};
    list.replaceChildren();
    byId("money").hidden = !Object.keys(atPoint).length;
    if (byId("money").hidden) return;
    const title = (scenario) => facts.members.find((one) => one.scenario === scenario).titles[state.lang];
    select.replaceChildren();
    for (const scenario of Object.keys(atPoint)) option(select, scenario, title(scenario));
    const asked = [state.paid, ...facts.money.first].find((one) => Object.hasOwn(atPoint, one));
    if (asked) select.value = asked;
    const of = atPoint[select.value];
    byId("money-title").textContent = word("money").replace("{base}", () => facts.money.titles[state.lang]);
    byId("money-note").textContent = facts.money.units[state.lang];
    const reach = Math.max(0.001, ...Object.values(facts.money.by_point).flatMap((one) => Object.values(one))
      .flatMap((one) => Object.values(one)).map((value) => Math.abs(value ?? 0)));
    for (const [party, value] of Object.entries(of)) {
      const row = document.createElement("tr"), head = document.createElement("th"), cell = document.createElement("td");
      const bars = document.createElement("td"), bar = document.createElement("i"), share = (50 * Math.abs(value ?? 0)) / reach;
      head.scope = "row";
      head.textContent = facts.money.parties[party][state.lang];
      bar.className = value < 0 ? "loss" : "gain";
      bar.style.cssText = `width:${share}%;left:${value < 0 ? 50 - share : 50}%`;
      bars.append(bar);
      const rounded = Math.round((value ?? NaN) * 100) / 100 || 0; // no sign before a zero
      cell.textContent = value === null ? "–" : `${rounded > 0 ? "+" : ""}${number(rounded, 2)}`;
      row.append(head, bars, cell);
      list.append(row);
    }
  }
  function paintStep() {
    byId("slider").value = state.step;
    byId("slider").setAttribute("aria-valuetext", moment(state.step));
    const rank = worst.indexOf(state.step);
    byId("moment").textContent = `${moment(state.step)} (UTC${facts.offset.slice(0, 3)}:${facts.offset.slice(3)})` +
      (rank >= 0 ? ` · ${word("rank")} ${rank + 1} / ${worst.length}` : "");
    paintDiagram(); paintAfter(); paintFullest(); paintCurves(); paintMark();
    if (told) tell(told);
  }
  function paintAll() {
    rankWorst(); paintHeat(); paintGains(); paintStep();
  }
  let pendingHash = 0;
  function remember() {
    clearTimeout(pendingHash);
    pendingHash = setTimeout(() => {
      const member = facts.members[state.member];
      const parts = { lang: state.lang, s: member.scenario, p: member.point, t: state.step, v: state.view, c: state.colour, h: state.heat };
      if (state.outage >= 0) parts.o = facts.outages[state.outage].name;
      history.replaceState(null, "", `#${new URLSearchParams(parts)}`);
    }, 150);
  }
  function go(step) {
    state.step = Math.max(0, Math.min(facts.count - 1, step));
    paintStep();
    remember();
  }
  function option(select, value, text) {
    const one = document.createElement("option");
    one.value = value;
    one.textContent = text;
    select.append(one);
  }
  function fill() {
    const member = facts.members[state.member];
    for (const node of root.querySelectorAll("[data-word]")) node.textContent = word(node.dataset.word);
    for (const node of root.querySelectorAll("[data-label]")) node.setAttribute("aria-label", word(node.dataset.label));
    for (const [name, key, titles] of [["scenario", "scenario", "titles"], ["point", "point", "points"]]) {
      const select = byId(name), seen = new Set();
      select.replaceChildren();
      for (const one of facts.members) {
        if (seen.has(one[key]) || (name === "point" && one.scenario !== member.scenario)) continue;
        seen.add(one[key]);
        option(select, one[key], one[titles][state.lang]);
      }
      select.value = member[key];
    }
    const view = byId("view"), colour = byId("colour"), heat = byId("heat-choice");
    for (const select of [view, colour, heat]) select.replaceChildren();
    for (const name of ["single_line", "map"]) {
      if (byId(`${name}_${state.lang}`)) option(view, name, word(name));
    }
    for (const name of Object.keys(KINDS)) if (elements(name).length) option(colour, name, word(name));
    for (const name of ["before", "export"]) if (seriesOf(name)) option(heat, name, word(name));
    const outage = byId("outage"), isFull = state.member === facts.full;
    outage.replaceChildren();
    if (!isFull) state.outage = -1;
    option(outage, -1, word("outage.any"));
    if (isFull) facts.outages.forEach((one, code) => option(outage, code, one.labels[state.lang]));
    outage.value = state.outage;
    outage.parentElement.hidden = !facts.outages.length;
    if (!elements(state.colour).length) state.colour = elements("branches").length ? "branches" : "bus";
    byId("key").replaceChildren(...KINDS[state.colour].keys.flatMap((text, k) => {
      if (!text) return [];
      const key = document.createElement("span"), patch = document.createElement("i");
      patch.style.background = colourOf(ramp[k][0]);
      key.append(patch, text);
      return [key];
    }));
    view.value = state.view; colour.value = state.colour; heat.value = state.heat;
    byId("full").textContent = `${facts.members[facts.full].titles[state.lang]}, ${facts.members[facts.full].points[state.lang]}`;
    for (const drawing of root.querySelectorAll(".drawing")) {
      drawing.hidden = drawing.id !== `explorer-${state.view}_${state.lang}`;
      if (!drawing.hidden) crop(drawing.querySelector("svg"));
    }
  }
  function crop(svg) {
    const box = svg.getBBox(), edge = 6;
    svg.setAttribute("viewBox", `${box.x - edge} ${box.y - edge} ${box.width + 2 * edge} ${box.height + 2 * edge}`);
  }
  function choose(scenario, point) {
    const found = facts.members.findIndex((one) => one.scenario === scenario && one.point === point);
    state.member = found >= 0 ? found : facts.members.findIndex((one) => one.scenario === scenario);
    state.paid = scenario;
    fill(); paintAll(); remember();
  }
  function play() {
    if (playing) { clearInterval(playing); playing = null; }
    else playing = setInterval(() => go(state.step + 1 < facts.count ? state.step + 1 : 0), 1000 / FRAMES_A_SECOND);
    byId("play").setAttribute("aria-pressed", String(Boolean(playing)));
  }
  function jump(by) {
    if (!worst.length) return;
    const rank = worst.indexOf(state.step);
    go(worst[rank < 0 ? 0 : (rank + by + worst.length) % worst.length]);
  }
  function saveCsv() {
    const [first, last] = span(), names = ["export", "before", "after", "cut", "area", "conductor"].filter(seriesOf);
    const branches = state.member === facts.full ? elements(state.colour) : [];
    const outage = state.outage >= 0 && afterOutage && state.member === facts.full ? facts.outages[state.outage] : null;
    const quoted = (text) => `"${(/^[=+@\t\r-]/.test(text) ? "'" : "") + text.replaceAll('"', '""')}"`;
    const heads = outage ? branches.map((one) => `${word("outage.after").replace("{outage}", () => outage.labels[state.lang])} ${one.labels[state.lang]}`)
      : branches.map((one) => one.labels[state.lang]);
    const lines = [["time", ...names.map(word), ...heads].map(quoted).join(",")];
    for (const t of outage ? facts.picked.steps : Array.from({ length: last - first }, (_, k) => first + k)) {
      const values = [...names.map((name) => at(seriesOf(name), t)), ...branches.map((one) => shown(one, t))];
      lines.push([moment(t), ...values.map((value) => (Number.isFinite(value) ? +value.toFixed(3) : ""))].join(","));
    }
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(["\ufeff" + lines.join("\r\n") + "\r\n"], { type: "text/csv" }));
    link.download = `goto-twin_${moment(first).slice(0, 10)}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }
  function readHash() {
    const asked = new URLSearchParams(location.hash.slice(1));
    const found = facts.members.findIndex((one) => one.scenario === asked.get("s") && one.point === asked.get("p"));
    if (found >= 0) state.member = found;
    const step = Number.parseInt(asked.get("t") ?? "", 10);
    if (step >= 0 && step < facts.count) state.step = step;
    if (["single_line", "map"].includes(asked.get("v"))) state.view = asked.get("v");
    if (Object.hasOwn(KINDS, asked.get("c") ?? "")) state.colour = asked.get("c");
    if (["before", "export"].includes(asked.get("h"))) state.heat = asked.get("h");
    state.outage = facts.outages.findIndex((one) => one.name === asked.get("o"));
    return Number.isInteger(step);
  }
  function listen() {
    byId("slider").addEventListener("input", (event) => go(Number(event.target.value)));
    byId("play").addEventListener("click", play);
    byId("worst").addEventListener("click", () => jump(1));
    byId("worst-before").addEventListener("click", () => jump(-1));
    byId("csv").addEventListener("click", saveCsv);
    byId("scenario").addEventListener("change", (event) => choose(event.target.value, facts.members[state.member].point));
    byId("point").addEventListener("change", (event) => choose(facts.members[state.member].scenario, event.target.value));
    byId("paid").addEventListener("change", (event) => { state.paid = event.target.value; paintGains(); });
    byId("outage").addEventListener("change", (event) => {
      state.outage = Number(event.target.value);
      if (state.outage >= 0 && afterOutage) state.colour = "branches";
      fill(); rankWorst();
      if (worst.length) go(worst[0]); else paintStep();
      remember();
    });
    for (const [name, key] of [["view", "view"], ["colour", "colour"], ["heat-choice", "heat"]]) {
      byId(name).addEventListener("change", (event) => { state[key] = event.target.value; fill(); paintAll(); remember(); });
    }
    byId("heat").addEventListener("click", (event) => {
      const box = event.target.getBoundingClientRect(), { left, bottom, cellWidth, cellHeight, height } = heatPlace;
      const day = Math.floor((event.clientX - box.left - left) / cellWidth);
      const of = Math.floor((height - bottom - (event.clientY - box.top)) / cellHeight);
      if (day >= 0 && of >= 0 && of < stepsPerDay) go(day * stepsPerDay + of - firstOfDay);
    });
    window.addEventListener("resize", paintAll);
    window.addEventListener("beforeprint", paintAll);
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paintAll);
    document.addEventListener("goto-twin-language", (event) => {
      state.lang = event.detail;
      fill(); paintAll(); remember();
    });
  }
  async function begin() {
    root.hidden = false;
    state.lang = document.documentElement.lang === "ja" ? "ja" : "en";
    columns = await unpack();
    for (const one of columns) if (one.table) kept.set(`${one.table} ${one.element}`, one);
    byId("slider").max = facts.count - 1;
    if (!byId(`single_line_${state.lang}`)) state.view = "map";
    const wasAsked = readHash();
    rankWorst();
    if (!wasAsked && worst.length) state.step = worst[0];
    findDrawn(); fill(); listen(); paintAll();
    root.dataset.ready = "true";
  }
  begin();
})();
