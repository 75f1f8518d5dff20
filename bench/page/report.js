/* SPDX-License-Identifier: MIT */
/* Lays out the run that stands as JSON in #data. What each member is: bench/extract.h. */
(function () {
  "use strict";

  const data = JSON.parse(document.getElementById("data").textContent);
  const plan = data.manifest.plan || {};
  const twins = new Map((data.manifest.models || []).filter(m => m.twin_of).map(m => [m.name, m.twin_of]));

  /* Words for what the record names. What is not listed is shown under its own name. */
  const metrics = {
    throughput_rps: {title: "Throughput", brief: "Throughput", unit: "answers/s", better: 1},
    latency_p50_us: {title: "Latency, median", brief: "p50", unit: "µs", better: -1},
    latency_p99_us: {title: "Latency, 99th percentile", brief: "p99", unit: "µs", better: -1},
    cpu_us_per_request: {title: "CPU time per answer", brief: "CPU/answer", unit: "µs", better: -1},
    server_cpu_percent: {title: "Server's CPU", brief: "Server", unit: "% CPU", better: 0},
    generator_cpu_percent: {title: "Generator's CPU", brief: "Generator", unit: "% CPU", better: 0},
    memory_kib: {title: "Memory", brief: "Memory", unit: "KiB", better: -1},
    memory_peak_kib: {title: "Memory, peak", brief: "Peak", unit: "KiB", better: -1},
    switches_per_request: {title: "Context switches per answer", brief: "Switches", unit: "per answer", better: -1},
    capacity_rps: {title: "Capacity", brief: "Capacity", unit: "requests/s", better: 1},
    memory_user_bytes: {title: "Memory of the processes", brief: "User memory", unit: "bytes", better: -1},
    memory_kernel_bytes: {title: "Memory of the kernel", brief: "Kernel memory", unit: "bytes", better: -1},
    syscalls_per_request: {title: "System calls per answer", brief: "System calls", unit: "per answer", better: -1}
  };
  const marks = "A mark is the geometric mean over the trials, the bar its 95 % interval, a small dot one " +
    "trial. Hollow marks are not to be compared.";
  const charts = {
    "latency-rate": ["Response time by load", "Open loop: arrivals wait for nobody, and time runs from when a " +
      "request was due. Flat to the left, steep past the knee; further right is better. " + marks],
    "latency-share": ["Response time by share of the peak", "Each model at shares of its own peak: how far the " +
      "percentiles fan out as it fills up. Past 100 % the queue grows as long as the window lasts."],
    "capacity": ["Capacity", "The highest rate that keeps the 99th percentile under the bound. A line is one trial's " +
      "search: from the highest rate that held to the lowest that did not."],
    "idle": ["Idle connections", "A flat line: idle connections cost nothing. A line that rises: each answer pays for " +
      "all of them. No idle connections stand left of the break. " + marks],
    "memory": ["Memory", marks + " Under load: the sum of proportional set sizes; the kernel's own memory is not in it. " +
      "By idle connections: bytes that one more of them costs, in the processes and in the kernel."],
    "echo": ["Echo", "Small messages cost by their number, large ones by their bytes: where a line of the upper " +
      "panel bends, the other limit takes over. " + marks],
    "pipelined": ["Pipelining", "Requests that came together can be answered with one call: where the lower line falls as " +
      "the pipeline gets deeper, a batch costs little more than one request. " + marks],
    "mixed": ["One bad client", "What the ordinary clients get, by who is beside them; compare with nobody, on the " +
      "left. " + marks],
    "fairness": ["Fairness", "A short line round 1: all connections got the same. A long one: some waited while others " +
      "were served. The number is Jain's index, 1 for equal shares."],
    "syscalls": ["System calls", "How many system calls a request takes, by name. Counting slows the server, so " +
      "nothing is timed here."],
    "percentiles": ["Percentiles by load", "The same, model by model: the wider the fan, the less the median says of the " +
      "slowest. Grey: the 99th percentiles of the others."],
    "scaling": ["Scaling", "Answers per second by CPUs of the server, a worker on each; faint dots: so many times what one " +
      "CPU gave. The load has the same CPUs at each level, so levels may be compared. " + marks],
    "knob": ["Knobs", "Each value of a model's own parameters. Dashed: the default; ringed: the best value of the knob; " +
      "bold: better or worse than the default. " + marks],
    "ranking": ["Ranks", "Each bar reaches from the best to the worst place that a model may have. Models " +
      "that share a letter are tied."],
    "throughput": ["Throughput", marks + " An arrow: the generator was the limit, the server gives as much or more."],
    "latency": ["Latency", marks + " An arrow: the generator was the limit, the server is as fast or faster. " +
      "This is latency in a closed loop, not at a given rate of arrivals."],
    "distribution": ["Distribution of latency", "From left to right answers become rarer, from bottom to " +
      "top slower. A line ends where fewer than 100 answers lie beyond."],
    "cpu": ["CPU", marks],
    "load-cpu": ["Load against CPU", "Each model's path through the levels: to the right it answers more, " +
      "further down it spends less on an answer."],
    "pairs": ["Pairs", "Row against column: over 1 the row's model has the higher value. Fields without " +
      "colour are no difference that these blocks can show."],
    "cold": ["Start-up", "Whole processes timed from outside: bars are medians, lines quartiles."]
  };

  /* ---- small tools ---- */

  const byId = id => document.getElementById(id);

  function element(tag, attributes, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {}))
      if (value !== null && value !== undefined && value !== false)
        made.setAttribute(name, value === true ? "" : value);
    made.append(...children.flat().filter(child => child !== null && child !== undefined));
    return made;
  }

  function drawn(tag, attributes) { // an element of SVG
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    return made;
  }

  const distinct = list => [...new Set(list)];
  const plural = (count, one, many) => `${number(count)} ${count === 1 ? one : many || one + "s"}`;
  const known = value => value !== null && value !== undefined;
  const listed = words => words.length < 2 ? words.join("") :
    words.slice(0, -1).join(", ") + " and " + words[words.length - 1];

  /* Digits in groups of three; decimals only where they say something. */
  function number(value, decimals) {
    if (!known(value)) return "";
    const size = Math.abs(value);
    const shown = known(decimals) ? decimals :
      Number.isInteger(value) || size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
    const [whole, rest] = value.toFixed(shown).split(".");
    return whole.replace(/\B(?=(\d{3})+$)/g, "\u202f") + (rest ? "." + rest : "");
  }

  const measure = value => known(value) && Number.isInteger(value) && Math.abs(value) < 100 ?
    number(value, Math.abs(value) >= 10 ? 1 : 2) : number(value);
  const metricOf = name => metrics[name] ||
    {title: name.replace(/_/g, " "), brief: name.replace(/_/g, " "), unit: "", better: 0};
  const sentence = text => text.charAt(0).toUpperCase() + text.slice(1);

  /* How a workload's levels are written. A record may hold one that this page does not know. */
  const aboutWorkload = name => (data.workloads || []).find(one => one.name === name) ||
    {name, about: "", unit: "level", word: "at", named: false, levels: {}};
  const levelOf = cell => cell.setting && aboutWorkload(cell.workload).named ? cell.setting.replace("=", " ") :
    levelCalled(cell.workload, cell.level);
  const levelUnit = (workload, level) => { // "" where a level has a name and no unit
    const about = aboutWorkload(workload);
    return about.named ? "" : level === 1 ? about.unit.replace(/connections$/, "connection") : about.unit;
  };
  const levelCalled = (workload, level) => {
    const called = aboutWorkload(workload).levels[level];
    return !known(called) || called === String(level) ? number(level) : called;
  };

  /* ---- tables: sorted by their headers, filtered from outside ---- */

  const mostRows = 1000; // more make the page slow, and nobody reads them
  let tables = 0;

  function header(column, sort) {
    const unit = column.unit ? element("span", {class: "unit"}, column.unit) : null;
    const inside = sort ? element("button", {type: "button"}, column.title) : column.title;
    const cell = element("th", {scope: "col", class: column.number ? "number" : null}, inside, unit);
    if (sort) {
      cell.setAttribute("aria-sort", "none");
      inside.addEventListener("click", () => sort(column, cell));
    }
    return cell;
  }

  function compare(a, b, direction) { // what is not known comes last in both directions
    if (!known(a) || !known(b)) return known(a) ? -1 : known(b) ? 1 : 0;
    if (typeof a === "string") return direction * a.localeCompare(b, "en", {numeric: true});
    return direction * (a - b);
  }

  function cellOf(column, row) {
    const shown = column.show ? column.show(row) : column.value(row);
    const kind = typeof column.kind === "function" ? column.kind(row) : column.kind;
    const classes = [column.number ? "number" : null, kind].filter(Boolean).join(" ");
    return element(column.heads ? "th" : "td",
      {class: classes || null, scope: column.heads ? "row" : null}, known(shown) ? shown : "");
  }

  /* columns: {title, unit, number, value(row): what it is sorted by, show(row), first: the direction
   * of the first click, heads, kind, fixed}. Returns {box, fill(rows)}. */
  function table({caption, columns, kind, long}) {
    const id = `table-${++tables}`;
    const body = element("tbody");
    const title = element("caption", {id}, caption);
    let rows = [], order = null;

    function draw() {
      const sorted = order ? rows.slice().sort((a, b) =>
        compare(order.column.value(a), order.column.value(b), order.direction)) : rows;
      body.replaceChildren(...sorted.slice(0, mostRows).map(row =>
        element("tr", {}, columns.map(column => cellOf(column, row)))));
    }
    function sort(column, cell) {
      const again = order && order.column === column;
      order = {column, direction: again ? -order.direction : column.first || 1};
      for (const other of head.querySelectorAll("[aria-sort]")) other.setAttribute("aria-sort", "none");
      cell.setAttribute("aria-sort", order.direction > 0 ? "ascending" : "descending");
      draw();
    }

    const head = element("tr", {}, columns.map(column => header(column, column.fixed ? null : sort)));
    const box = element("div",
      {class: long ? "scroll long" : "scroll", tabindex: 0, role: "region", "aria-labelledby": id},
      element("table", {class: kind || null}, title, element("thead", {}, head), body));
    return {box, title, fill(next) { rows = next; draw(); }};
  }

  /* fields: {name, title, options: [[value, words]], chosen} or {name, title, text: true}. */
  function filters(fields, changed) {
    const count = element("output", {"aria-live": "polite"});
    const controls = fields.map(field => {
      const control = field.text ? element("input", {type: "search", name: field.name, size: 14}) :
        element("select", {name: field.name}, field.options.map(([value, words]) =>
          element("option", {value, selected: value === field.chosen}, words)));
      control.addEventListener("input", () => update());
      return control;
    });
    const form = element("form", {class: "filters"},
      controls.map((control, i) => element("label", {}, fields[i].title, control)), count);
    form.addEventListener("submit", event => event.preventDefault());
    function update() {
      const chosen = {};
      for (const control of controls) chosen[control.name] = control.value.trim().toLowerCase();
      count.textContent = changed(chosen);
    }
    return {form, update};
  }

  const counted = (rows, all, noun) => `${number(rows.length)} of ${plural(all.length, noun)}` +
    (rows.length > mostRows ? `, the first ${number(mostRows)} are shown` : "");
  const everything = (title, values, words) =>
    [["", title], ...distinct(values).map(value => [String(value), words ? words(value) : String(value)])];
  const admits = (chosen, value) => !chosen || String(value).toLowerCase() === chosen;
  const contains = (chosen, ...values) =>
    !chosen || chosen.split(/[\s,]+/).some(word => values.some(value => value.toLowerCase().includes(word)));
  const ascending = list => distinct(list).sort((a, b) => a - b);

  /* ---- what was run ---- */

  const models = distinct(data.cells.map(cell => cell.model));
  const entrants = models.filter(model => !twins.has(model));
  const inTable = (data.workloads || []).map(one => one.name);
  const workloads = distinct([...inTable, ...data.cells.map(cell => cell.workload)]);
  const allLevels = ascending(data.cells.map(cell => cell.level));
  const levelsOf = workload =>
    ascending(data.cells.filter(cell => cell.workload === workload).map(cell => cell.level));
  const telling = workload => { // the level for what is shown at one level only
    const at = levelsOf(workload), wanted = aboutWorkload(workload).telling;
    return at.includes(wanted) ? wanted : at[0];
  };
  const anyCalled = level => distinct(workloads.filter(workload => levelsOf(workload).includes(Number(level)))
    .map(workload => levelCalled(workload, Number(level)))).join(" / ");
  const rankable = data.contests.filter(contest => contest.compared >= 2);
  const isRanked = rankable.some(contest => contest.ranked);
  const isPreview = rankable.length > 0 && rankable.every(contest => !contest.ranked);

  function day(seconds) {
    return new Date(1000 * seconds).toLocaleDateString("en-GB",
      {day: "numeric", month: "long", year: "numeric", timeZone: "UTC"});
  }

  function whatWasRun() {
    const places = workloads.map(workload => {
      const at = levelsOf(workload), unit = levelUnit(workload, at.length === 1 ? at[0] : 2);
      return `${aboutWorkload(workload).word} ${listed(at.map(level => levelCalled(workload, level)))}${unit ? " " + unit : ""}`;
    });
    const under = distinct(places).map(place =>
      `${listed(workloads.filter((workload, i) => places[i] === place))} ${place}`);
    const window = known(plan.window_us) ? `, windows of ${number(plan.window_us / 1e6, 2).replace(/0$/, "")}\u00a0s` : "";
    const when = known(data.manifest.started_unix_s) ? ` on ${day(data.manifest.started_unix_s)}` : "";
    const again = twins.size ? ` ${listed([...twins.values()])} was measured twice, to tell what no ` +
      "difference looks like." : "";
    return `${listed(entrants)}, under ${under.join("; ")}. ${plural(plan.blocks || 0, "block")}${window}` +
      `, measured${when} on ${data.machine}; server on CPU ${plan.server_cpus}, load on CPU ` +
      `${plan.load_cpus}.${again}`;
  }

  function badges() {
    const made = [];
    if (isPreview) {
      const blocks = Math.min(...rankable.map(contest => contest.blocks));
      const needed = Math.max(...rankable.filter(c => !c.ranked).map(c => c.blocks_needed));
      made.push(element("p", {class: "badge"}, element("strong", {}, "Preview, not ranked. "),
        `${plural(blocks, "block")}; a ranking needs ${number(needed)}. Differences may be chance.`));
    }
    const others = data.warnings.filter(warning => warning.kind !== "preview").length;
    if (others)
      made.push(element("p", {class: "badge"}, element("a", {href: "#warnings"}, plural(others, "warning")),
        " to know before the figures are used."));
    return made;
  }

  function facts(title, object) { // an object's members, those of objects in it as rows of their own
    const rows = [];
    (function walk(name, value) {
      if (value && typeof value === "object" && !Array.isArray(value))
        for (const [key, inner] of Object.entries(value)) walk(name ? `${name}: ${key}` : key, inner);
      else
        rows.push([name, Array.isArray(value) ? value.join(" ") :
          value === null ? "none" : value === true ? "yes" : value === false ? "no" : String(value)]);
    })("", object);
    return element("table", {}, element("caption", {}, title), element("tbody", {}, rows.map(([name, value]) =>
      element("tr", {}, element("th", {scope: "row"}, name.replace(/_/g, " ")), element("td", {}, value)))));
  }

  /* Faults of the CPU, by what the kernel says of each: most say the same. */
  function byState(mitigations) {
    const states = {};
    for (const [fault, state] of Object.entries(mitigations || {})) {
      const [short, rest] = state.split(/:(.*)/);
      (states[short] = states[short] || []).push(fault + (rest ? ` (${rest.trim()})` : ""));
    }
    return Object.fromEntries(Object.entries(states).map(([state, faults]) => [state, faults.join(", ")]));
  }

  function conditions() {
    const manifest = data.manifest;
    const machine = Object.assign({}, manifest.machine);
    delete machine.mitigations;
    const titles = Object.fromEntries((manifest.models || []).map(model =>
      [model.name, model.twin_of ? `${model.twin_of}, a second time` : model.title || model.family || ""]));
    const run = {};
    for (const [name, value] of Object.entries(manifest))
      if (value === null || typeof value !== "object" || name === "command") run[name] = value;
    const groups = [["Plan", plan], ["Machine", machine],
      ["Faults of the CPU", byState((manifest.machine || {}).mitigations)], ["Build", manifest.build],
      ["Source", manifest.source], ["Tools", manifest.tools], ["Limits", manifest.limits],
      ["Network settings in a trial", manifest.sysctls], ["Models", titles], ["Run", run]];
    return groups.filter(group => group[1] && Object.keys(group[1]).length).map(group => facts(...group));
  }

  function showHead() {
    const name = data.name;
    document.title = `${name} · c10kit`;
    byId("run-name").textContent = name;
    byId("headline").textContent = entrants.length ?
      `${plural(entrants.length, "server")} under ${listed(workloads)}` : "A run without a trial";
    byId("what").textContent = entrants.length ? whatWasRun() : `On ${data.machine}.`;
    byId("badges").append(...badges());
    byId("facts").append(...conditions());
    byId("command").textContent = data.command;
    byId("report-command").textContent = "c10kit report " + name;
  }

  /* ---- the answer ---- */

  const contestOf = (workload, level, metric) => data.contests.find(contest =>
    contest.workload === workload && contest.level === level && contest.metric === metric);
  const findCell = (model, workload, level) => data.cells.find(cell =>
    cell.model === model && cell.workload === workload && cell.level === level);
  const contestMetrics = distinct(data.contests.map(contest => contest.metric));
  const metricsOf = workload => distinct(data.contests.filter(contest => contest.workload === workload)
    .map(contest => contest.metric));
  const placeOf = one => one.first === one.last ? `${one.first}` : `${one.first}–${one.last}`;

  function bounded(text, metric) { // the generator was the limit: the server may be better than this
    const up = metricOf(metric).better > 0;
    return [`${up ? ">" : "<"} ${text}`, element("span", {class: "arrow"}, up ? "↑" : "↓")];
  }

  function contestant(contest, model) {
    const one = contest && contest.contestants.find(other => other.model === model);
    if (!one) return null;
    const cell = findCell(model, contest.workload, contest.level);
    const measured = cell && cell.metrics[contest.metric] ? cell.metrics[contest.metric][0] : null;
    return {one, contest, cell, mean: known(one.mean) ? one.mean : measured};
  }

  function fieldOf(found) {
    if (!found) return "";
    const {one, contest, cell, mean} = found;
    if (one.reason || !known(mean))
      return element("span", {class: "not-compared", title: one.reason}, `${cell.valid ? "" : "○ "}` +
        (known(mean) && !cell.valid ? measure(mean) : "–"), element("span", {class: "unseen"}, one.reason));
    const text = one.bound ? bounded(measure(mean), contest.metric) : measure(mean);
    const place = [];
    if (one.first) place.push(`${placeOf(one)} `, element("b", {}, one.letters));
    if (contest.metric === metricsOf(contest.workload)[0] && cell.limited_by && cell.limited_by !== "rate")
      place.push(place.length ? " · " : "", cell.limited_by);
    const ahead = one.first === 1 && contest.contestants.some(other => other.first > 1);
    return element("span", {class: ahead ? "first" : null},
      element("span", {class: "value"}, text),
      place.length ? element("span", {class: "place"}, ...place) : null);
  }

  function matrix(workload, metric) {
    const at = levelsOf(workload);
    const about = metricOf(metric);
    const {box, fill} = table({
      kind: "matrix",
      caption: [about.title, element("span", {class: "quiet"},
        `, ${about.unit ? about.unit + ", " : ""}${about.better > 0 ? "more" : "less"} is better`)],
      columns: [
        {title: "Model", heads: true, value: row => row.model},
        ...at.map((level, i) => ({
          title: levelCalled(workload, level), unit: levelUnit(workload, level), number: true,
          first: -about.better || 1,
          value: row => row.found[i] && !row.found[i].one.reason ? row.found[i].mean : null,
          show: row => fieldOf(row.found[i])
        }))
      ]
    });
    const rows = entrants.map(model =>
      ({model, found: at.map(level => contestant(contestOf(workload, level, metric), model))}));
    const key = at.indexOf(telling(workload));
    if ((contestOf(workload, at[key], metric) || {}).ranked)
      rows.sort((a, b) => compare(standing(a.found[key]), standing(b.found[key]), 1));
    fill(rows);
    return box;
  }

  const standing = found => found && !found.one.reason ?
    found.contest.contestants.indexOf(found.one) : null;

  /* Who may be first: nobody is better than these. */
  function leadersOf(contest) {
    if (!contest || !contest.ranked) return contest && contest.compared < 2 ? "nobody to compare with" : "not ranked";
    const first = contest.contestants.filter(one => one.first === 1);
    if (first.length === contest.compared) return "no difference shown";
    return listed(first.map(one => one.model)) + (first.length > 1 ? ", tied" : "");
  }

  function leaders(workload) {
    const at = levelsOf(workload);
    const {box, fill} = table({
      caption: `Best under ${workload}`,
      columns: [
        {title: "Level", heads: true, fixed: true, value: level => `${levelCalled(workload, level)} ${levelUnit(workload, level)}`},
        ...metricsOf(workload).map(metric => ({title: metricOf(metric).title, fixed: true, kind: "wraps",
          value: level => leadersOf(contestOf(workload, level, metric))}))
      ]
    });
    fill(at);
    return box;
  }

  function resolution() {
    const shares = distinct(data.contests.map(contest => contest.threshold)).filter(known)
      .map(share => number(100 * share, 1));
    if (!isRanked || !shares.length) return null;
    const ends = distinct([shares.reduce((a, b) => +a < +b ? a : b), shares.reduce((a, b) => +a > +b ? a : b)]);
    return element("li", {}, `Differences under ${ends.join(" to ")} % do not count` +
      (twins.size ? `: 1 %, or what ${listed([...twins.values()])} shows against itself where that is more.` : "."));
  }

  function key() {
    const all = data.contests.flatMap(contest => contest.contestants);
    const item = (mark, text) => element("li", {}, element("b", {}, mark), " ", text);
    return element("ul", {class: "key"},
      isRanked ? item("1–3 ab", "may be first to third; models that share a letter are tied. Bold: nobody is better.") : null,
      all.some(one => one.bound) ? item("> X ↑, < X ↓", "the load generator was the limit; the server may be better than X.") : null,
      data.cells.some(cell => !cell.valid) ? item("○", "hollow: not to be compared; why stands under Validity.") : null,
      all.some(one => one.reason && !known(one.mean)) && data.cells.some(cell => cell.valid && cell.limited_by &&
        !known((cell.metrics.latency_p99_us || [])[0])) ? item("–", "no value: a percentile needs 100 answers beyond it.") : null,
      item("server, generator, concurrency", "what set the speed: the server's CPU, the generator's, or " +
        "neither, since so few connections keep neither busy. In open loop the rate is given."),
      resolution(),
      isRanked && allLevels.length > 1 ? element("li", {}, "Rows stand in the order at " +
        `${listed(distinct(workloads.filter(workload => metricsOf(workload).length).map(workload =>
          [levelCalled(workload, telling(workload)), levelUnit(workload, telling(workload))].join(" ").trim())))}, ` +
        "or as headers sort them.") : null);
  }

  /* Each knob's best value beside its default. */
  function knobs() {
    const best = data.knobs.filter(row => row.best);
    const standard = row => data.knobs.find(other => other.is_default && other.model === row.model &&
      other.knob === row.knob && other.metric === row.metric) || {value: "", mean: []};
    const measured = row => row.valid ? `${row.bound ? "> " : ""}${measure(row.mean[0])}` : "hollow";
    const ratio = row => row.is_default ? "the default" : !known(row.ratio[0]) ? "default hollow" :
      `${number(row.ratio[0], 2)}${known(row.ratio[1]) ? ` (${number(row.ratio[1], 2)} to ${number(row.ratio[2], 2)})` : ""}`;
    const from = [...new Set(data.knobs.filter(row => known(row.ratio[0]))
      .map(row => `${metricOf(row.metric).title} ${number(100 * row.threshold, 0)} %`))];
    const {box, fill} = table({
      caption: "Best against default: a model's own parameters, one at a time" +
        (from.length ? `. A difference matters from: ${from.join(", ")}` : ""),
      columns: [
        {title: "Model", heads: true, fixed: true, value: row => row.model},
        {title: "Knob", fixed: true, value: row => `--${row.knob}`},
        {title: "By", fixed: true, value: row => metricOf(row.metric).title},
        {title: "Default", fixed: true, value: row => `${standard(row).value}: ${measured(standard(row))}`},
        {title: "Best", fixed: true, value: row => `${row.value}: ${measured(row)}`},
        {title: "Best / default", fixed: true, value: ratio},
        {title: "Verdict", fixed: true, value: row => row.is_default ? "" : row.verdict}
      ]
    });
    fill(best);
    return box;
  }

  function showAnswer() {
    const parts = [isRanked ? null : element("p", {}, rankable.length ?
      "There is none yet: these blocks rank nobody. What follows are means, in no order." :
      "There is nobody to compare with."), key()].filter(Boolean);
    for (const workload of workloads) {
      parts.push(element("h3", {}, workload));
      if (aboutWorkload(workload).about)
        parts.push(element("p", {class: "quiet"}, sentence(aboutWorkload(workload).about) + "."));
      if (aboutWorkload(workload).unit === "setting" && (data.knobs || []).length)
        parts.push(knobs());
      else if (!metricsOf(workload).length)
        parts.push(element("p", {}, "Nothing is compared here: see the charts and the cells."));
      if (data.contests.some(contest => contest.workload === workload && contest.ranked))
        parts.push(leaders(workload));
      parts.push(element("div", {class: "matrices"}, metricsOf(workload).map(metric => matrix(workload, metric))));
    }
    byId("answer-body").append(...parts);
  }

  /* ---- charts ---- */

  /* The names inside one chart must not meet those of another. */
  function withOwnNames(svg, prefix) {
    for (const named of svg.querySelectorAll("[id]")) named.id = prefix + named.id;
    for (const one of svg.querySelectorAll("*"))
      for (const attribute of [...one.attributes]) {
        const renamed = attribute.value.replace(/url\((["']?)#/g, `url($1#${prefix}`);
        const refers = attribute.localName === "href" && renamed.startsWith("#");
        if (refers || renamed !== attribute.value)
          attribute.value = refers ? "#" + prefix + renamed.slice(1) : renamed;
      }
    return svg;
  }

  function parts(name) { // "throughput-keep-alive": what it shows, and of which workload
    const workload = charts[name] ? undefined : workloads.find(other => name.endsWith("-" + other));
    const kind = workload ? name.slice(0, -workload.length - 1) : name;
    const words = charts[kind] || [sentence(kind.replace(/-/g, " ")), ""];
    return {workload, kind, title: words[0], reading: words[1]};
  }

  function figure(chart, about) {
    const parsed = new DOMParser().parseFromString(chart.svg, "image/svg+xml").documentElement;
    if (parsed.localName !== "svg") return null;
    const title = about.title + (about.workload ? `, ${about.workload}` : "");
    const svg = withOwnNames(document.importNode(parsed, true), chart.name + "-");
    for (const old of svg.querySelectorAll(":scope > title, :scope > desc")) old.remove();
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", `Chart: ${title}. ${about.reading} The same figures stand in the tables.`);
    return element("figure", {}, element("h4", {}, title),
      element("div", {class: "card", tabindex: 0, role: "region", "aria-label": title}, svg),
      about.reading ? element("figcaption", {}, about.reading) : null);
  }

  function tabs(panels) { // [{id, title, body}]
    const buttons = panels.map(panel => element("button", {type: "button", role: "tab", id: `${panel.id}-tab`,
      "aria-controls": panel.id}, panel.title));
    const bodies = panels.map(panel => element("div",
      {role: "tabpanel", id: panel.id, "aria-labelledby": `${panel.id}-tab`}, panel.body));
    function select(chosen, focus) {
      buttons.forEach((button, i) => {
        button.setAttribute("aria-selected", i === chosen);
        button.tabIndex = i === chosen ? 0 : -1;
        bodies[i].hidden = i !== chosen;
      });
      if (focus) buttons[chosen].focus();
    }
    const steps = {ArrowRight: 1, ArrowLeft: -1};
    buttons.forEach((button, i) => {
      button.addEventListener("click", () => select(i));
      button.addEventListener("keydown", event => {
        if (steps[event.key]) select((i + steps[event.key] + buttons.length) % buttons.length, true);
      });
    });
    select(0);
    return [element("div", {role: "tablist", "aria-label": "Kinds of charts"}, buttons), ...bodies];
  }

  function showCharts() {
    const order = Object.keys(charts);
    const place = kind => order.includes(kind) ? order.indexOf(kind) : order.length;
    const shown = data.charts.map(chart => ({chart, about: parts(chart.name)}));
    shown.sort((a, b) => place(a.about.kind) - place(b.about.kind) ||
      workloads.indexOf(a.about.workload) - workloads.indexOf(b.about.workload));
    const panels = distinct(shown.map(one => one.about.kind)).map(kind => {
      const mine = shown.filter(one => one.about.kind === kind);
      return {id: `chart-${kind}`, title: mine[0].about.title, body: mine.map(one => figure(one.chart, one.about))};
    });
    byId("charts-body").append(...(panels.length ? tabs(panels) :
      [element("p", {}, "None: when this page was made, gnuplot was missing or there was nothing to draw.")]));
  }

  /* ---- cells ---- */

  const trialColumn = name => data.trials.columns.indexOf(name);
  const trialsOf = new Map();
  const cellKey = (model, workload, level) => `${model} ${workload} ${level}`;
  for (const row of data.trials.rows) {
    const key = cellKey(row[trialColumn("model")], row[trialColumn("workload")], row[trialColumn("level")]);
    if (row[trialColumn("replaced")]) continue;
    if (!trialsOf.has(key)) trialsOf.set(key, []);
    trialsOf.get(key).push(row);
  }

  function shares(cell, metric) { // each trial, as its distance from the cell's mean
    const mean = (cell.metrics[metric] || [])[0];
    const at = trialColumn(metric);
    const rows = trialsOf.get(cellKey(cell.model, cell.workload, cell.level)) || [];
    return known(mean) ? rows.filter(row => known(row[at])).map(row => row[at] / mean - 1) : [];
  }

  /* Wide enough for nine of ten trials; what lies outside is drawn at the edge. */
  function reach(rows, metric) {
    const all = rows.flatMap(cell => shares(cell, metric)).map(Math.abs).sort((a, b) => a - b);
    const wanted = all.length ? all[Math.floor(0.9 * (all.length - 1))] : 0;
    return [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1].find(step => wanted <= step) || 1;
  }

  function strip(cell, metric, scale) {
    const width = 132, middle = width / 2, height = 18;
    const [mean, low, high] = cell.metrics[metric] || [];
    const x = share => middle + (middle - 5) * Math.max(-1, Math.min(1, share / scale));
    const values = shares(cell, metric);
    const svg = drawn("svg", {class: "strip", width, height, viewBox: `0 0 ${width} ${height}`, role: "img",
      "aria-label": `${values.length} trials, ${values.map(v => (100 * v).toFixed(1) + " %").join(", ")}`});
    svg.append(drawn("line", {x1: middle, x2: middle, y1: 2, y2: height - 2, stroke: "currentColor", opacity: 0.25}));
    if (known(low) && known(high))
      svg.append(drawn("line", {x1: x(low / mean - 1), x2: x(high / mean - 1), y1: height / 2, y2: height / 2,
        stroke: "currentColor", opacity: 0.5}));
    for (const value of values)
      svg.append(drawn("circle", {cx: x(value), cy: height / 2, r: 3, fill: cell.valid ? "currentColor" : "none",
        stroke: "currentColor", opacity: cell.valid ? 0.55 : 0.8}));
    return svg;
  }

  function cellColumns(metric, scale) {
    const about = metricOf(metric);
    const figureAt = (title, i) => ({title, unit: about.unit, number: true, first: -about.better || 1,
      value: cell => (cell.metrics[metric] || [])[i], show: cell => measure((cell.metrics[metric] || [])[i])});
    return [
      {title: "Model", heads: true, value: cell => cell.model},
      {title: "Workload", value: cell => cell.workload},
      {title: "Level", number: true, value: cell => cell.level, show: levelOf},
      figureAt("Mean", 0), figureAt("Low", 1), figureAt("High", 2), figureAt("Median", 3),
      {title: "Each trial", unit: `−${100 * scale} … +${100 * scale} %`, fixed: true,
        value: () => 0, show: cell => strip(cell, metric, scale)},
      {title: "Limited by", value: cell => cell.limited_by},
      {title: "Valid trials", number: true, value: cell => cell.valid_trials / cell.trials,
        kind: cell => cell.valid ? null : "not-compared",
        show: cell => `${cell.valid ? "" : "○ "}${cell.valid_trials} of ${cell.trials}`}
    ];
  }

  function showCells() {
    const place = element("div");
    let shownMetric = null, view = null;
    const filter = filters([
      {name: "metric", title: "Quantity", options: data.metrics.filter(name => data.cells.some(cell =>
        known((cell.metrics[name] || [])[0]))).map(name => [name, metricOf(name).title])},
      {name: "workload", title: "Workload", options: everything("all", workloads)},
      {name: "level", title: "Level", options: everything("all", allLevels, anyCalled)},
      {name: "valid", title: "Validity", options: [["", "all"], ["true", "may be compared"], ["false", "hollow"]]},
      {name: "model", title: "Model contains", text: true}
    ], chosen => {
      const rows = data.cells.filter(cell => admits(chosen.workload, cell.workload) &&
        admits(chosen.level, cell.level) && admits(chosen.valid, cell.valid) && contains(chosen.model, cell.model));
      if (chosen.metric !== shownMetric) {
        shownMetric = chosen.metric;
        view = table({caption: metricOf(chosen.metric).title, long: true,
          columns: cellColumns(chosen.metric, reach(data.cells.filter(cell => cell.valid), chosen.metric))});
        place.replaceChildren(view.box);
      }
      view.fill(rows);
      return counted(rows, data.cells, "cell");
    });
    byId("cells-body").append(filter.form, place);
    filter.update();
  }

  /* ---- pairs and trials ---- */

  const contestName = metric => metricOf(metric).title;

  function showPairs() {
    const pairs = data.contests.flatMap(contest => contest.pairs.map(pair => ({contest, ...pair})));
    const column = (title, name, decimals) => ({title, number: true, value: pair => pair[name],
      show: pair => number(pair[name], decimals)});
    const view = table({caption: "Ratios of the means, first to second", long: true, columns: [
      {title: "First", heads: true, value: pair => pair.a},
      {title: "Second", value: pair => pair.b},
      {title: "Workload", value: pair => pair.contest.workload},
      {title: "Level", number: true, value: pair => pair.contest.level,
        show: pair => levelCalled(pair.contest.workload, pair.contest.level)},
      {title: "Quantity", value: pair => contestName(pair.contest.metric)},
      column("Ratio", "ratio", 3), column("Low", "low", 3), column("High", "high", 3),
      {title: "p", number: true, value: pair => pair.p_holm,
        show: pair => known(pair.p_holm) ? pair.p_holm < 0.001 ? "< 0.001" : number(pair.p_holm, 3) : ""},
      {title: "First is", value: pair => pair.verdict},
      column("Blocks needed", "blocks_needed", 0)
    ]});
    const start = rankable.find(contest => contest.level === telling(contest.workload)) || rankable[0] || {};
    const filter = filters([
      {name: "metric", title: "Quantity", options: everything("all", contestMetrics, contestName), chosen: start.metric},
      {name: "workload", title: "Workload", options: everything("all", workloads), chosen: start.workload},
      {name: "level", title: "Level", options: everything("all", allLevels, anyCalled), chosen: known(start.level) ? String(start.level) : ""},
      {name: "verdict", title: "Verdict", options: everything("all", pairs.map(pair => pair.verdict))},
      {name: "model", title: "Model contains", text: true}
    ], chosen => {
      const rows = pairs.filter(pair => admits(chosen.metric, pair.contest.metric) &&
        admits(chosen.workload, pair.contest.workload) && admits(chosen.level, pair.contest.level) &&
        admits(chosen.verdict, pair.verdict) && contains(chosen.model, pair.a, pair.b));
      view.fill(rows);
      return counted(rows, pairs, "pair");
    });
    if (!pairs.length) {
      byId("pairs-body").append(element("p", {}, "None: there are no two models to compare."));
      return;
    }
    byId("pairs-body").append(filter.form, view.box);
    filter.update();
  }

  function trialColumns(rows) {
    const field = name => row => row[trialColumn(name)];
    const again = rows.some(row => row[trialColumn("attempt")] > 1);
    const fates = row => field("spoilt")(row) ? field("replaced")(row) ? "spoilt, measured again" : "spoilt" :
      field("valid")(row) ? "valid" : "○ not to be compared";
    return [
      {title: "Trial", number: true, value: field("number")},
      {title: "Block", number: true, value: field("block")},
      again ? {title: "Attempt", number: true, value: field("attempt")} : null,
      {title: "Model", heads: true, value: field("model")},
      {title: "Workload", value: field("workload")},
      {title: "Level", number: true, value: field("level"), 
        show: row => levelOf(findCell(field("model")(row), field("workload")(row), field("level")(row)) ||
          {workload: field("workload")(row), level: field("level")(row)})},
      ...data.metrics.filter(name => name !== "memory_peak_kib" && rows.some(row => known(field(name)(row))))
        .map(name => ({title: metricOf(name).brief,
          unit: metricOf(name).unit, number: true, value: field(name), show: row => measure(field(name)(row))})),
      {title: "Result", value: fates},
      {title: "Reason", kind: "wraps", value: field("reason")}
    ].filter(Boolean);
  }

  function showTrials() {
    const rows = data.trials.rows;
    const view = table({caption: "All attempted trials", long: true, columns: trialColumns(rows)});
    const filter = filters([
      {name: "workload", title: "Workload", options: everything("all", workloads)},
      {name: "level", title: "Level", options: everything("all", allLevels, anyCalled)},
      {name: "block", title: "Block", options: everything("all", ascending(rows.map(row => row[trialColumn("block")])))},
      {name: "valid", title: "Validity", options: [["", "all"], ["1", "valid"], ["0", "not valid"]]},
      {name: "model", title: "Model contains", text: true}
    ], chosen => {
      const kept = rows.filter(row => ["workload", "level", "block", "valid"].every(name =>
        admits(chosen[name], row[trialColumn(name)])) && contains(chosen.model, row[trialColumn("model")]));
      view.fill(kept);
      return counted(kept, rows, "trial");
    });
    byId("trials-body").append(filter.form, view.box);
    filter.update();
  }

  /* ---- validity, warnings ---- */

  function showValidity() {
    const hollow = data.cells.filter(cell => !cell.valid);
    const good = data.cells.length - hollow.length;
    const parts = [element("p", {}, hollow.length ?
      `${good} of ${plural(data.cells.length, "cell")} may be compared; ${hollow.length} may not.` :
      good ? "No cell is hollow: all may be compared." : "Nothing was measured.")];
    if (hollow.length) {
      const view = table({caption: "Hollow cells", columns: [
        {title: "Model", heads: true, value: cell => cell.model},
        {title: "Workload", value: cell => cell.workload},
        {title: "Level", number: true, value: cell => cell.level, show: levelOf},
        {title: "Valid trials", number: true, value: cell => cell.valid_trials / cell.trials,
          show: cell => `${cell.valid_trials} of ${cell.trials}`},
        {title: "Why, in the first that is not", kind: "wraps", value: cell => cell.reason}
      ]});
      view.fill(hollow);
      parts.push(view.box);
    }
    byId("validity-body").append(...parts);
  }

  function showWarnings() {
    byId("warnings-body").append(data.warnings.length ?
      element("ul", {class: "warnings"}, data.warnings.map(warning =>
        element("li", {}, element("strong", {}, sentence(warning.text)), warning.advice))) :
      element("p", {}, "None."));
  }

  showHead();
  showAnswer();
  showCharts();
  showCells();
  showPairs();
  showTrials();
  showValidity();
  showWarnings();

  window.addEventListener("beforeprint", () => { byId("conditions").open = true; });
})();
