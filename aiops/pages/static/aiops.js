// The one script of the pages: live regions, keys, copy buttons. Every page works without it.
"use strict";
(() => {
  const root = document.documentElement;
  const first = (selector, within = document) => within.querySelector(selector);
  const every = (selector, within = document) => [...within.querySelectorAll(selector)];
  const stored = (name) => { try { return localStorage.getItem(`aiops.${name}`); } catch { return null; } };
  const store = (name, value) => { try { localStorage.setItem(`aiops.${name}`, value); } catch { /* not kept */ } };
  const clock = (at) => at.toLocaleTimeString([], { hour12: false });

  // ---- Swapping: the page is read again, and only what differs in its live regions changes. Nodes stay the same
  // objects where they can, so focus, open details, scroll positions and typed text stay as well.
  const keyOf = (node) => node.nodeType === 1 ? node.id || node.dataset?.id || node.dataset?.live || "" : "";
  const isDirty = (field) => field.type === "hidden" ? false
    : field.matches("select") ? [...field.options].some((one) => one.selected !== one.defaultSelected)
    : field.matches("[type=checkbox], [type=radio]") ? field.checked !== field.defaultChecked
    : field.value !== field.defaultValue;
  const isBusy = (form) => !form.matches("[data-bulk]") && every("input, select, textarea", form).some(isDirty);
  const own = (node, name) => name === "open" && node.matches("details, dialog")
    || ["value", "checked"].includes(name) && node.matches("input") && node.type !== "hidden" && isDirty(node);

  function morph(old, fresh) {
    if (old.nodeName !== fresh.nodeName || keyOf(old) !== keyOf(fresh)) return void old.replaceWith(fresh);
    if (old.nodeType !== 1) return void (old.data === fresh.data || (old.data = fresh.data));
    if (old.matches(".is-current")) fresh.classList.add("is-current");
    if (old.isEqualNode(fresh) || old.matches("form") && isBusy(old)) return;
    for (const { name } of [...old.attributes])
      if (!fresh.hasAttribute(name) && !own(old, name)) old.removeAttribute(name);
    for (const { name, value } of fresh.attributes)
      if (old.getAttribute(name) !== value && !own(old, name)) old.setAttribute(name, value);
    if (!old.matches("textarea, select") || !isDirty(old)) children(old, fresh);
  }

  function children(old, fresh) {
    const wanted = new Set([...fresh.childNodes].map(keyOf));
    for (const child of [...old.childNodes]) if (keyOf(child) && !wanted.has(keyOf(child))) child.remove();
    const known = new Map([...old.childNodes].filter(keyOf).map((child) => [keyOf(child), child]));
    let at = old.firstChild;
    for (const child of [...fresh.childNodes]) {
      const key = keyOf(child);
      const same = key ? known.get(key) : at && !keyOf(at) && at.nodeName === child.nodeName ? at : null;
      if (same) {
        // `moveBefore` keeps focus and scroll positions; where it is missing, focus is given back below.
        if (same === at) at = at.nextSibling;
        else old.moveBefore ? old.moveBefore(same, at) : old.insertBefore(same, at);
        morph(same, child);
      } else {
        if (key && child.matches("[data-row]")) child.classList.add("is-new");
        old.insertBefore(child, at);
      }
    }
    while (at) { const next = at.nextSibling; at.remove(); at = next; }
  }

  const isSelected = (region, text = getSelection()) =>
    text && !text.isCollapsed && text.rangeCount > 0 && text.getRangeAt(0).intersectsNode(region);

  function swap(text) {
    const fresh = new DOMParser().parseFromString(text, "text/html");
    const sources = [document, fresh].map((one) => first("script[src]", one)?.getAttribute("src"));
    // Another version of the daemon: its pages need its own script.
    if (sources[0] !== sources[1] && !every("form").some(isBusy)) return location.reload();
    every("[data-js], [data-keys-help]", fresh).forEach((node) => node.removeAttribute("hidden"));
    const focused = document.activeElement, row = focused.closest("[data-row]"), place = row ? rows().indexOf(row) : -1;
    let whole = true;
    for (const region of every("[data-live]")) {
      const next = first(`[data-live="${CSS.escape(region.dataset.live)}"]`, fresh);
      if (!next || !region.isConnected) continue;
      // Text that somebody is about to copy stays while it is selected, a panel while it is open: typing would go on as keys.
      const isNeeded = every("[data-panel][open]", region).some((panel) => !fresh.getElementById(panel.id));
      if (isNeeded || isSelected(region)) whole = false; else morph(region, next);
    }
    if (document.activeElement !== focused) {
      if (focused.isConnected) focused.focus({ preventScroll: true });
      else if (focused.id && document.getElementById(focused.id)) document.getElementById(focused.id).focus();
      else if (place >= 0 && rows().length) choose(rows()[Math.min(place, rows().length - 1)]);
    }
    title = fresh.title;
    showCounts();
    return whole;
  }

  // ---- Reading: at most as often as the daemon asks for, never while hidden or paused.
  let timer = 0, readAt = Date.now(), pause = 2000, isStale = false, isReading = false, isPaused = false;

  function plan() {
    isStale = true;
    if (timer || isReading || isPaused || document.hidden) return;
    timer = setTimeout(read, Math.max(0, readAt + pause - Date.now()) + Math.random() * pause / 4);
  }

  async function read() {
    timer = 0;
    if (isPaused || document.hidden) return;
    const begun = Date.now();
    [isReading, isStale] = [true, false];
    try {
      const answer = await fetch(location.href, { headers: { "X-Requested-With": "aiops-live" }, cache: "no-store" });
      if (answer.redirected) show("lost", "Signed out");
      else if (!answer.ok || !swap(await answer.text())) isStale = true;
    } catch { isStale = true; }
    // A slow daemon is asked less often.
    [readAt, isReading] = [Date.now(), false];
    pause = Math.max(pause, 5 * (readAt - begun));
    if (isStale) plan();
  }

  // ---- The stream: one connection a browser (the tab that has the lock), passed on to its other tabs.
  const address = root.dataset.stream;
  const tabs = address && "BroadcastChannel" in window ? new BroadcastChannel(`aiops ${address}`) : null;
  let number = root.dataset.number || "", counts = null, isLeader = false, lostAt = null, watchdog = 0, refused = 0, title = document.title;

  function connect() {
    isLeader = true;
    const source = new EventSource(number ? `${address}?after=${number}` : address);
    const pass = (message) => { take(message); tabs?.postMessage(message); };
    const lose = () => {
      clearTimeout(watchdog);
      pass({ kind: "lost" });
      if (source.readyState !== EventSource.CLOSED) return watch();
      plan();
      // Refused: too many readers, signed out, or no daemon behind the proxy. The pauses grow to a minute or two.
      setTimeout(connect, Math.min(refused += 1, 12) * (5000 + Math.random() * 5000));
    };
    // Three heartbeats that did not come: the connection is dead, although nobody closed it.
    const watch = () => { clearTimeout(watchdog); watchdog = setTimeout(() => { source.close(); lose(); }, 45000); };
    for (const kind of ["hello", "change", "reload", "beat"])
      source.addEventListener(kind, (event) => { watch(); refused = 0; if (kind !== "beat") pass({ kind, data: JSON.parse(event.data) }); });
    source.addEventListener("error", lose);
    watch();
  }

  function take({ kind, data }) {
    if (kind === "who") return isLeader && counts && tabs.postMessage({ kind: "hello", data: { number, counts, every_s: pause / 1000 } });
    if (kind === "lost") { lostAt ??= new Date(); return showState(); }
    // A page that was rendered before the last change, or that missed some, is read again.
    const missed = lostAt !== null || kind === "hello" && number !== String(data.number);
    lostAt = null;
    if (data.counts) {
      if (counts && data.counts.critical > counts.critical) beep();
      counts = data.counts;
      showCounts();
    }
    [number, pause] = [String(data.number), 1000 * data.every_s];
    showState();
    if (kind === "reload" || missed || kind === "change" && concerns(data)) plan();
  }

  function concerns({ incidents, topics }) {
    const main = first("main"), wanted = main?.dataset.topics?.split(" ");
    if (main?.dataset.incident) return !incidents || incidents.includes(main.dataset.incident) || topics.includes("runs");
    return !wanted || topics.some((topic) => wanted.includes(topic));
  }

  function showState() {
    if (lostAt) show("lost", `Not connected since ${clock(lostAt)}`);
    else show(isPaused ? "paused" : "live", isPaused ? "Paused" : "Live");
  }

  function show(state, text) {
    root.dataset.live = state;
    for (const node of every("[data-live-state]")) {
      node.dataset.state = state;
      if (node.textContent !== text) node.textContent = text;
    }
    every("[data-live-plain]").forEach((node) => { node.hidden = state !== "lost"; });
    every("[data-live-toggle]").forEach((node) => { node.hidden = false; node.textContent = isPaused ? "Resume" : "Pause"; });
  }

  function showCounts() {
    if (!counts) return;
    const shown = counts.critical || counts.open;
    document.title = shown ? `(${shown}) ${title}` : title;
    const icon = first("link[data-icon]"), [plain, query] = icon?.getAttribute("href").split("?") ?? [];
    const wanted = shown ? `count=${Math.min(shown, 1000)}&level=${counts.critical ? "critical" : "open"}` : "";
    if (icon && (query || "") !== wanted) icon.setAttribute("href", wanted ? `${plain}?${wanted}` : plain);
  }

  function beep() {
    if (stored("sound") !== "on" || tabs && !isLeader) return;
    const audio = new AudioContext(), tone = audio.createOscillator(), volume = new GainNode(audio, { gain: 0.1 });
    tone.connect(volume).connect(audio.destination); tone.onended = () => audio.close(); tone.start(); tone.stop(audio.currentTime + 0.25);
  }

  if (address && "EventSource" in window) {
    tabs?.addEventListener("message", (event) => take(event.data));
    tabs?.postMessage({ kind: "who" });
    if (tabs && navigator.locks) navigator.locks.request(`aiops ${address}`, () => new Promise(connect));
    else connect();
    document.addEventListener("visibilitychange", () => { if (!document.hidden && isStale) plan(); });
  }

  // ---- Keys. They can be turned off (WCAG 2.1.4), and are off in fields.
  const rows = () => every("[data-row]").filter((row) => row.offsetParent !== null);
  const current = () => document.activeElement?.closest("[data-row]") || first("[data-row].is-current");
  const check = (row) => row && first("input[type=checkbox]", row)?.click();
  function choose(row) {
    every("[data-row].is-current").forEach((one) => one.classList.remove("is-current"));
    if (!row) return;
    row.classList.add("is-current");
    (first("a[href]", row) || row).focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  }

  function step(by) {
    const all = rows(), at = all.indexOf(current());
    if (all.length) choose(all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.max(0, Math.min(all.length - 1, at + by))]);
  }

  function press(key) {
    const selector = `[data-key="${CSS.escape(key)}"]`, row = current();
    const control = row && first(selector, row) || every(selector).find((one) => one.offsetParent !== null) || first(selector);
    if (!control || control.disabled) return false;
    if (control.closest("[data-bulk]") && row && !every("[data-row] input[type=checkbox]:checked").length) check(row);
    control.matches("input:not([type=submit]), textarea, select") ? control.focus() : control.click();
    enter(control.closest("[data-panel]"));
    return true;
  }

  // An open panel has the focus, and the keys of the page are dead meanwhile: a name is no list of shortcuts.
  function enter(panel, at = document.activeElement) {
    if (panel?.open && (at.matches("summary") || !panel.contains(at)))
      (first("input:not([type=hidden]), select, textarea", panel) || first("form button", panel))?.focus();
  }

  function help() {
    const dialog = document.createElement("dialog");
    const add = (within, name, text = "", attributes = {}) => {
      const node = Object.assign(document.createElement(name), attributes);
      node.append(text);
      return within.appendChild(node);
    };
    dialog.className = "keys";
    add(dialog, "h2", "Keys", { id: "keys-title" });
    dialog.setAttribute("aria-labelledby", "keys-title");
    const list = add(dialog, "dl");
    const known = [["j", "Next row"], ["k", "Previous row"], ["x", "Select the row"], ["Enter", "Open the row"]];
    const label = (one) => one.dataset.keyLabel || one.getAttribute("aria-label") || one.textContent.trim();
    const named = every("[data-key]").map((one) => [one.dataset.key, label(one)]);
    const search = first("[data-search]") ? [["/", "Search"]] : [];
    const lines = new Map([...(rows().length ? known : []), ...named, ...search, ["?", "This list"], ["Esc", "Close, or leave a field"]]);
    for (const [key, text] of lines) add(add(list, "dt"), "kbd", key), add(list, "dd", text);
    for (const [name, text, start] of [["keys", "Keys on", "on"], ["sound", "Sound when a critical incident opens", "off"]]) {
      const line = add(add(dialog, "p"), "label");
      const box = add(line, "input", "", { type: "checkbox", checked: (stored(name) || start) === "on" });
      box.addEventListener("change", () => { store(name, box.checked ? "on" : "off"); if (name === "sound") beep(); });
      line.append(` ${text}`);
    }
    add(dialog, "button", "Close", { type: "button" }).addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  }

  const plain = {
    j: () => step(1), k: () => step(-1), x: () => check(current()), "/": () => first("[data-search]")?.focus(), "?": help,
    u: () => first("[data-undo]")?.click(), Enter: () => first("a[href]", current() || root.cloneNode())?.click(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || first("dialog[open]")) return;
    const at = event.target, panel = at.closest("[data-panel][open]") || first("[data-panel][open]");
    if (event.key === "Escape") return void (panel ? (panel.open = false, first("summary", panel).focus())
      : at.matches("input, textarea, select") ? at.blur() : choose(null));
    if (panel || stored("keys") === "off" || at.matches("input:not([type=checkbox]), textarea, select, [contenteditable]")) return;
    if (event.key === "Enter" && at.matches("a, button, summary, input, [tabindex]")) return;
    const act = plain[event.key];
    if (act ? (act(), true) : event.key.length === 1 && press(event.key)) event.preventDefault();
  });

  // ---- Clicks: copy, pause, help, select all.
  async function copy(button) {
    const from = button.dataset.copyFrom && first(button.dataset.copyFrom);
    const text = button.dataset.copy ?? (from ? from.value ?? from.innerText : "");
    const done = await navigator.clipboard?.writeText(text).then(() => true, () => false) || copyPlain(text);
    const label = button.label ??= [...button.childNodes];
    button.replaceChildren(done ? "Copied" : "Press Ctrl+C");
    setTimeout(() => button.replaceChildren(...label), 2000);
  }

  function copyPlain(text) {
    const field = Object.assign(document.createElement("textarea"), { value: text, readOnly: true });
    (first("dialog[open]") || document.body).append(field);
    field.select();
    try { return document.execCommand("copy"); } finally { field.remove(); }
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-copy], [data-copy-from], [data-live-toggle], [data-keys-help]");
    if (!button || button.matches("[data-keys-help]")) return button && help();
    if (!button.matches("[data-live-toggle]")) return copy(button);
    isPaused = !isPaused;
    showState(), isPaused || plan();
  });
  document.addEventListener("toggle", (event) => event.target.matches?.("[data-panel]") && enter(event.target), true);
  document.addEventListener("change", (event) => {
    if (event.target.matches?.("[data-select-all]"))
      every("[data-row] input[type=checkbox]").forEach((box) => { if (box.checked !== event.target.checked) box.click(); });
  });
  every("[data-js], [data-keys-help]").forEach((node) => { node.hidden = false; });
})();
