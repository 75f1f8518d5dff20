/* SPDX-License-Identifier: MIT */
/* What the page test asks of the layout. Evaluates to an object of functions. */
({
  /* The part of a box that is not cut off by the boxes around it that scroll. */
  seen(node, box) {
    let {left, top, right, bottom} = box;
    for (let at = node.parentElement; at; at = at.parentElement) {
      const style = getComputedStyle(at);
      if (style.overflowX === "visible" && style.overflowY === "visible") continue;
      const edge = at.getBoundingClientRect();
      left = Math.max(left, edge.left);
      right = Math.min(right, edge.right);
      top = Math.max(top, edge.top);
      bottom = Math.min(bottom, edge.bottom);
    }
    return {left, top, right, bottom, node};
  },

  /* Every piece of text outside charts, line by line, and every control. */
  boxes() {
    const found = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (!node.data.trim() || node.parentElement.closest("svg, script, select, noscript") ||
        !node.parentElement.checkVisibility()) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      for (const box of range.getClientRects()) found.push(this.seen(node, box));
    }
    for (const control of document.querySelectorAll("select, input"))
      for (const box of control.getClientRects()) found.push(this.seen(control, box));
    return found.filter(box => box.right - box.left > 1 && box.bottom - box.top > 1);
  },

  /* Pairs of them that lie on each other by more than the 2 px that a line's height may reach over. */
  overlaps() {
    const boxes = this.boxes().sort((a, b) => a.top - b.top), found = [];
    const words = box => (box.node.data || box.node.name).trim().slice(0, 30);
    boxes.forEach((a, i) => {
      for (let j = i + 1; j < boxes.length && boxes[j].top < a.bottom - 2; j++) {
        const b = boxes[j];
        if (a.node !== b.node && Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2 &&
          Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 2)
          found.push(`"${words(a)}" and "${words(b)}"`);
      }
    });
    return {looked: boxes.length, found: found.slice(0, 10)};
  },

  /* What sticks out of the window sideways and is not inside a box that scrolls. */
  tooWide() {
    const found = [], width = document.documentElement.clientWidth;
    for (const one of document.body.querySelectorAll("*")) {
      if (one.closest("svg") || one.parentElement.closest(".scroll, .card, pre")) continue;
      const box = one.getBoundingClientRect();
      if (box.right > width + 0.5 || box.left < -0.5) found.push(`${one.tagName} ${one.className} ${box.right}`);
    }
    if (document.scrollingElement.scrollWidth > width) found.push("the page scrolls sideways");
    return found.slice(0, 10);
  },

  brightness(colour) { // relative luminance, WCAG 2.1
    const [red, green, blue] = colour.match(/[\d.]+/g).slice(0, 3).map(Number).map(value =>
      value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  },

  ground(element) {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (colour !== "rgba(0, 0, 0, 0)") return colour;
    }
    return "rgb(255, 255, 255)";
  },

  /* Texts whose contrast to their ground is under WCAG's 4.5 to 1. */
  faint() {
    const seen = new Map();
    for (const {node} of this.boxes()) {
      const element = node.parentElement;
      const pair = [getComputedStyle(element).color, this.ground(element)];
      seen.set(pair.join(" on "), pair.map(colour => this.brightness(colour)).sort((a, b) => b - a));
    }
    return [...seen].filter(([, [light, dark]]) => (light + 0.05) / (dark + 0.05) < 4.5).map(([pair]) => pair);
  },

  column(section, name) { // what stands in that column, from the top
    const head = [...document.querySelectorAll(`#${section} thead th`)];
    const at = head.findIndex(cell => cell.textContent.startsWith(name));
    return [...document.querySelectorAll(`#${section} tbody tr`)].map(row => row.children[at].textContent);
  },

  header(section, name) {
    return [...document.querySelectorAll(`#${section} thead th`)].find(cell => cell.textContent.startsWith(name));
  },

  choose(section, field, value) {
    const control = document.querySelector(`#${section} [name=${field}]`);
    control.value = value;
    control.dispatchEvent(new Event("input", {bubbles: true}));
  },

  shown(selector) {
    return [...document.querySelectorAll(selector)].filter(one => one.getClientRects().length > 0).length;
  }
})
