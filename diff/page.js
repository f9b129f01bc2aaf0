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

	/* What is searched and shown, read once. */
	let items = null;
	function read() {
		if (items) return;
		items = Array.from(document.querySelectorAll(".item"), function (element) {
			const group = element.closest(".group");
			const words = {};
			for (const facet of facets) {
				const name = facet.dataset.facet;
				const holder = element.closest("[data-" + name + "]");
				words[name] = holder ? " " + holder.dataset[name] + " " : null;
			}
			return {
				element: element, group: group, words: words, what: element.dataset.what || "",
				text: ((group ? group.dataset.name || "" : "") + " " + element.textContent).toLowerCase(),
				shown: true,
			};
		});
	}

	/* --- long lists */
	const lists = Array.from(document.querySelectorAll(".list[data-page]"), function (element) {
		const page = Number(element.dataset.page);
		const list = { element: element, page: page, limit: page, line: null };
		element.classList.add("live");
		return list;
	});
	function fits(element) { return !element.dataset.out; }
	function show(list) {
		let matching = 0;
		for (const child of list.element.children) {
			const hidden = !fits(child) || matching >= list.limit;
			if (fits(child)) matching++;
			if (child.hidden !== hidden) child.hidden = hidden;
		}
		const shown = Math.min(matching, list.limit);
		if (shown === matching && !list.line) return;
		if (!list.line) makeLine(list);
		list.line.hidden = shown === matching;
		list.line.firstChild.textContent =
			number.format(shown) + " of " + number.format(matching) + " shown";
		list.button.textContent = "Show " + number.format(Math.min(matching - shown, step(list))) + " more";
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
			const next = Array.from(list.element.children).filter(fits)[first];
			if (next) { next.tabIndex = -1; next.focus({ preventScroll: true }); }
		});
		const box = list.element.closest("table") || list.element;
		(box.closest(".scroll") || box).after(list.line);
	}

	/* --- filter */
	function apply() {
		read();
		const terms = search.value.toLowerCase().split(/\s+/).filter(Boolean);
		const wanted = facets.filter(function (facet) { return facet.value; });
		const active = terms.length > 0 || wanted.length > 0;
		const counts = new Map();
		const left = new Set();
		for (const item of items) {
			let match = true;
			for (const facet of wanted) {
				const words = item.words[facet.dataset.facet];
				if (words !== null && !words.includes(" " + facet.value + " ")) { match = false; break; }
			}
			if (match) match = terms.every(function (term) { return item.text.includes(term); });
			if (match !== item.shown) {
				item.shown = match;
				if (match) delete item.element.dataset.out;
				else item.element.dataset.out = "1";
				if (!item.element.parentNode.classList.contains("live")) item.element.hidden = !match;
			}
			if (item.group && match) left.add(item.group);
			if (item.what) {
				const count = counts.get(item.what) || [0, 0];
				count[0] += match ? 1 : 0;
				count[1]++;
				counts.set(item.what, count);
			}
		}
		for (const group of document.querySelectorAll(".group")) group.hidden = !left.has(group);
		for (const list of lists) { list.limit = list.page; show(list); }
		const said = [];
		counts.forEach(function (count, what) {
			said.push(number.format(count[0]) + (active ? " of " + number.format(count[1]) : "") + " " + what);
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
		for (const list of lists) if (list.element === body) show(list);
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
		for (let at = target; at; at = at.parentElement) {
			if (at.tagName === "DETAILS") at.open = true;
			if (at.dataset.out || (at.hidden && at.classList.contains("group"))) {
				form.reset();
				search.value = "";
				apply();
			}
		}
		for (const list of lists)
			if (list.element !== target && list.element.contains(target)) {
				let child = target;
				while (child.parentElement !== list.element) child = child.parentElement;
				const place = Array.from(list.element.children).indexOf(child);
				if (place >= list.limit) { list.limit = place + 1; show(list); }
			}
		if (!target.hasAttribute("tabindex")) target.tabIndex = -1;
		target.focus({ preventScroll: true });
		target.scrollIntoView({ block: "start" });
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
