/*
 * What an HTML report can do when scripts run: filter, sort, long lists in parts, links to hidden
 * things. The page is whole without it. It is the same for every report; the markup says what there
 * is:
 *
 *   form[data-filter]          the filter, hidden until there is a script: an input[type=search],
 *                              select[data-facet=NAME], an output that is told what is left
 *   .item                      can be found; data-NAME (of itself or what it stands in): its words
 *                              for the facet NAME, separated by blanks; without it, the facet does
 *                              not concern it. data-what: what to count it as
 *   .list[data-page]           holds items, of which so many are shown at first
 *   .group                     goes with its last item; data-name is searched with each item
 *   table.sortable             th[data-sort=text|number]; td[data-value] where the text is no number
 *
 * The content of the page is data: it is only ever read as text, and never written as HTML.
 */
"use strict";
document.documentElement.classList.add("js");
document.addEventListener("DOMContentLoaded", function () {
	const number = new Intl.NumberFormat("en-US");
	const form = document.querySelector("form[data-filter]");
	const output = form && form.querySelector("output");
	const search = form && form.querySelector("input[type=search]");
	const facets = form ? Array.from(form.querySelectorAll("select[data-facet]")) : [];

	/*
	 * What can be found, and the lists. Which item matches is kept here and not in the page: with
	 * 10,000 of them, only what comes into sight or leaves it may cost the browser anything.
	 */
	const known = new Map();
	const items = Array.from(document.querySelectorAll(".item"), function (element) {
		const item = { element: element, group: element.closest(".group"), words: null, text: "", match: true, list: null };
		known.set(element, item);
		return item;
	});
	const lists = Array.from(document.querySelectorAll(".list[data-page]"), function (element) {
		const page = Number(element.dataset.page);
		const list = { element: element, page: page, limit: page, entries: [], line: null, button: null };
		list.entries = Array.from(element.children, function (child) {
			const item = known.get(child) || { element: child, match: true };
			item.list = list;
			return item;
		});
		element.classList.add("live");
		return list;
	});
	const groups = Array.from(document.querySelectorAll(".group"));
	function read(item) {
		const element = item.element;
		item.words = facets.map(function (facet) {
			const name = facet.dataset.facet;
			const holder = element.closest("[data-" + name + "]");
			return holder ? " " + holder.dataset[name] + " " : null;
		});
		item.what = element.dataset.what || "";
		item.text = ((item.group && item.group.dataset.name || "") + " " + element.textContent).toLowerCase();
	}
	/* In small parts while nobody waits; the first keystroke reads what is left. */
	let place = 0;
	function readSome(deadline) {
		while (place < items.length && deadline.timeRemaining() > 2)
			for (const end = Math.min(place + 50, items.length); place < end; place++)
				if (!items[place].words) read(items[place]);
		if (place < items.length) requestIdleCallback(readSome);
	}
	if (form && window.requestIdleCallback) requestIdleCallback(readSome);

	/* --- long lists */
	function setHidden(element, hidden) { if (element.hidden !== hidden) element.hidden = hidden; }
	function show(list) {
		let matching = 0;
		for (const entry of list.entries) {
			const hidden = !entry.match || matching >= list.limit;
			if (entry.match) matching++;
			setHidden(entry.element, hidden);
		}
		if (matching <= list.limit && !list.line) return;
		if (!list.line) makeLine(list);
		setHidden(list.line, matching <= list.limit);
		list.line.firstChild.textContent =
			number.format(Math.min(matching, list.limit)) + " of " + number.format(matching) + " shown";
		list.button.textContent = "Show " + number.format(Math.min(matching - list.limit, step(list))) + " more";
	}
	function step(list) { return Math.max(200, list.limit); }
	function makeLine(list) {
		list.line = document.createElement("p");
		list.line.className = "more";
		list.line.append(document.createElement("span"));
		list.button = document.createElement("button");
		list.button.type = "button";
		list.line.append(list.button);
		list.button.addEventListener("click", function () {
			const first = list.limit;
			list.limit += step(list);
			show(list);
			/* The keyboard goes on where the new ones begin. */
			const next = list.entries.filter(function (entry) { return entry.match; })[first];
			if (next) { next.element.tabIndex = -1; next.element.focus({ preventScroll: true }); }
		});
		const box = list.element.closest("table") || list.element;
		(box.closest(".scroll") || box).after(list.line);
	}

	/* --- filter */
	function matches(item, terms) {
		for (let i = 0; i < facets.length; i++)
			if (facets[i].value && item.words[i] !== null && !item.words[i].includes(" " + facets[i].value + " "))
				return false;
		return terms.every(function (term) { return item.text.includes(term); });
	}
	function apply() {
		const terms = search.value.toLowerCase().split(/\s+/).filter(Boolean);
		const active = terms.length > 0 || facets.some(function (facet) { return facet.value; });
		const counts = new Map();
		const left = new Set();
		for (const item of items) {
			if (!item.words) read(item);
			item.match = !active || matches(item, terms);
			if (!item.list) setHidden(item.element, !item.match);
			if (item.group && item.match) left.add(item.group);
			if (item.what) {
				const count = counts.get(item.what) || [0, 0];
				count[0] += item.match ? 1 : 0;
				count[1]++;
				counts.set(item.what, count);
			}
		}
		for (const group of groups) setHidden(group, !left.has(group));
		for (const list of lists) { list.limit = list.page; show(list); }
		const said = [];
		counts.forEach(function (count, what) {
			said.push(number.format(count[0]) + " of " + number.format(count[1]) + " " + what);
		});
		output.textContent = active ? said.join(", ") : "";
		form.querySelector("button[type=reset]").hidden = !active;
	}
	if (form) {
		let waiting = 0;
		form.hidden = false;
		form.addEventListener("submit", function (event) { event.preventDefault(); apply(); });
		form.addEventListener("input", function () {
			clearTimeout(waiting);
			waiting = setTimeout(apply, 60);
		});
		form.addEventListener("reset", function () {
			setTimeout(function () { apply(); search.focus(); });
		});
		search.addEventListener("keydown", function (event) {
			if (event.key === "Escape" && search.value) { search.value = ""; apply(); event.preventDefault(); }
		});
	}
	for (const list of lists) show(list);

	/* --- sort */
	const collator = new Intl.Collator("en", { numeric: true });
	function sortBy(table, column, head) {
		const numbers = head.dataset.sort === "number";
		const now = head.getAttribute("aria-sort");
		/* Names from A, numbers from the largest; then the other way. */
		const up = now ? now === "descending" : !numbers;
		const sign = up ? 1 : -1;
		const body = table.tBodies[0];
		const rows = Array.from(body.rows, function (row) {
			const cell = row.cells[column];
			const text = cell.dataset.value !== undefined ? cell.dataset.value : cell.textContent.trim();
			return { row: row, key: numbers ? (text === "" ? NaN : Number(text)) : text };
		});
		rows.sort(function (one, other) {
			if (!numbers) return sign * collator.compare(one.key, other.key);
			/* What is not known stands last, whichever way. */
			if (isNaN(one.key) || isNaN(other.key)) return isNaN(one.key) - isNaN(other.key);
			return sign * (one.key - other.key);
		});
		for (const entry of rows) body.append(entry.row);
		for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
		head.setAttribute("aria-sort", up ? "ascending" : "descending");
		for (const list of lists)
			if (list.element === body) {
				const order = new Map(rows.map(function (entry, at) { return [entry.row, at]; }));
				list.entries.sort(function (one, other) { return order.get(one.element) - order.get(other.element); });
				show(list);
			}
	}
	for (const table of document.querySelectorAll("table.sortable"))
		Array.from(table.tHead.rows[0].cells).forEach(function (head, column) {
			if (!head.dataset.sort) return;
			const button = document.createElement("button");
			button.type = "button";
			button.append.apply(button, Array.from(head.childNodes));
			head.append(button);
			button.addEventListener("click", function () { sortBy(table, column, head); });
		});

	/* --- links to what a filter, a list or a closed part hides */
	function reveal() {
		const target = location.hash && document.getElementById(location.hash.slice(1));
		if (!target) return;
		for (let at = target; at; at = at.parentElement)
			if (at.tagName === "DETAILS") at.open = true;
		const item = known.get(target.closest(".item"));
		const group = target.closest(".group");
		if (form && (item && !item.match || group && group.hidden)) {
			search.value = "";
			for (const facet of facets) facet.value = "";
			apply();
		}
		if (item && item.list) {
			const at = item.list.entries.indexOf(item);
			if (at >= item.list.limit) { item.list.limit = at + 1; show(item.list); }
		}
		if (!target.hasAttribute("tabindex")) target.tabIndex = -1;
		target.focus({ preventScroll: true });
		target.scrollIntoView({ block: "start", behavior: "instant" });
	}
	window.addEventListener("hashchange", reveal);
	reveal();

	/* --- paper shows what is folded up */
	let opened = [];
	window.addEventListener("beforeprint", function () {
		opened = Array.from(document.querySelectorAll("details:not([open])"));
		for (const part of opened) part.open = true;
	});
	window.addEventListener("afterprint", function () {
		for (const part of opened) part.open = false;
		opened = [];
	});
});
