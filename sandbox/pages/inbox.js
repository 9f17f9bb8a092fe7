"use strict";
const at = (id) => document.getElementById(id);
const GOOD = ["delivered", "read", "completed", "received"];
const BAD = ["undelivered", "failed", "busy", "no-answer"];
const EVERY = 2000; // milliseconds between two looks
let shown = "";

async function ask(method, path, value) {
  const options = { method };
  if (value !== undefined) {
    options.headers = { "Content-Type": "application/json" };
    options.body = JSON.stringify(value);
  }
  const answer = await fetch(path, options);
  const told = answer.status === 204 ? null : await answer.json();
  if (!answer.ok) throw new Error(told.error);
  return told;
}

// Text from outside only ever becomes textContent.
function element(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

function card(message) {
  const inbound = message.direction === "inbound";
  const person = inbound ? message.from : message.to;
  const who = element("button", "who", person);
  who.type = "button";
  who.title = "Show only this one";
  who.addEventListener("click", () => {
    at("about").value = person;
    at("from").value = person;
    look();
  });
  const tone = GOOD.includes(message.status) ? "good" : BAD.includes(message.status) ? "bad" : "";
  const status = message.error_code ? `${message.status} (${message.error_code})` : message.status;
  const when = new Date(message.at);
  const time = element("time", "", when.toLocaleString());
  time.dateTime = message.at;
  const line = element("div", "line", "");
  line.append(
    who,
    element("span", "channel", inbound ? `${message.channel} to us` : message.channel),
    element("span", tone, status),
    time,
  );
  const item = element("li", inbound ? "inbound" : "", "");
  if (message.subject) item.append(line, element("p", "", message.subject + (message.method ? ` (${message.method})` : "")));
  else item.append(line);
  item.append(element("p", "", message.body));
  return item;
}

async function look() {
  const query = new URLSearchParams({ limit: "100" });
  if (at("about").value.trim()) query.set("about", at("about").value.trim());
  if (at("channel").value) query.set("channel", at("channel").value);
  try {
    const [messages, faults] = await Promise.all([ask("GET", `/messages?${query}`), ask("GET", "/faults")]);
    showFaults(faults);
    const now = JSON.stringify(messages);
    if (now !== shown) at("messages").replaceChildren(...messages.map(card));
    shown = now;
    at("state").textContent = messages.length
      ? `${messages.length === 100 ? "The newest 100" : messages.length} shown, newest first.`
      : "No message yet.";
  } catch (fault) {
    at("state").textContent = `The sandbox does not answer: ${fault.message}`;
  }
}

function showFaults(inForce) {
  for (const button of document.querySelectorAll("[data-fault]")) {
    const rules = inForce[button.dataset.fault] || [];
    button.setAttribute("aria-pressed", String(rules.length > 0));
    button.dataset.how = rules.map(describe).join("; ");
  }
}

function describe(rule) {
  const parts = [rule.probability === 1 ? "on" : `${Math.round(rule.probability * 100)} %`];
  if (rule.times !== null) parts.push(`${rule.times} left`);
  if (rule.channel) parts.push(rule.channel);
  if (rule.only_to) parts.push(rule.only_to);
  return parts.join(", ");
}

async function toggle(button) {
  const path = `/faults/${button.dataset.fault}`;
  if (button.getAttribute("aria-pressed") === "true") return showFaults(await ask("DELETE", path));
  const rule = { probability: Number(at("probability").value) };
  const times = at("times").value.trim();
  if (times && !/^[1-9][0-9]*$/.test(times)) throw new Error("Times must be a whole number.");
  if (times) rule.times = Number(times);
  if (at("only_to").value.trim()) rule.only_to = at("only_to").value.trim();
  return showFaults(await ask("PUT", path, rule));
}

function attempt(output, action) {
  return async (event) => {
    event.preventDefault();
    at(output).textContent = "";
    try {
      await action(event);
    } catch (fault) {
      at(output).textContent = fault.message;
    }
  };
}

at("faults").addEventListener("click", attempt("switched", async (event) => {
  const button = event.target.closest("[data-fault]");
  if (button) await toggle(button);
}));
at("calm").addEventListener("click", attempt("switched", async () => showFaults(await ask("DELETE", "/faults"))));
at("clear").addEventListener("click", attempt("state", async () => {
  await ask("DELETE", "/messages");
  await look();
}));
at("reply").addEventListener("submit", attempt("replied", async () => {
  at("replied").textContent = "Sending…";
  const wish = { from: at("from").value, body: at("text").value, channel: at("by").value };
  const told = await ask("POST", "/messages/inbound", wish);
  at("replied").textContent = told.webhook_status
    ? `The product answered ${told.webhook_status}.`
    : "Nobody answered at the product's webhook.";
  await look();
}));
for (const id of ["filter", "limits"]) at(id).addEventListener("submit", (event) => event.preventDefault());
at("about").addEventListener("input", look);
at("channel").addEventListener("change", look);
setInterval(() => document.hidden || look(), EVERY);
look();
