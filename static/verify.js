// Computes the SHA-256 of a chosen file and asks the server for it. Uploads the file only when the button is pressed.
// Without crypto.subtle, such as on a page without TLS, the form stays a plain upload. All texts come from the page.
"use strict";
(() => {
  const form = document.getElementById("verify");
  if (!window.crypto || !window.crypto.subtle) return;

  const input = document.getElementById("file");
  const result = document.getElementById("result");
  const error = document.getElementById("file-error");
  const drop = form.querySelector(".drop");
  const button = form.querySelector("button");
  const whyUpload = document.getElementById("why-upload");
  const title = document.title;
  let asked = 0;

  const element = (name, className, ...children) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    made.append(...children);
    return made;
  };

  const show = (kind, headline, lines = []) => {
    const parts = [element("h2", "", headline)];
    if (lines.length) parts.push(element("ul", "", ...lines.map((line) => element("li", "", element("bdi", "", line)))));
    result.replaceChildren(element("section", `notice verdict ${kind}`, ...parts));
    document.title = `${headline} ${title}`;
  };

  const complain = (text) => {
    error.textContent = text;
    error.hidden = !text;
    drop.classList.toggle("wrong", Boolean(text));
    input.toggleAttribute("aria-invalid", Boolean(text));
    if (text) input.setAttribute("aria-describedby", "file-error");
  };

  const offerUpload = (offered) => {
    button.hidden = whyUpload.hidden = !offered;
  };

  const sha256 = async (file) => {
    const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
    return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
  };

  const check = async () => {
    const mine = ++asked;
    const file = input.files[0];
    result.replaceChildren();
    complain("");
    offerUpload(false);
    if (!file) return;
    if (file.size > Number(form.dataset.maxBytes)) return complain(form.dataset.tooLarge);
    show("asking", form.dataset.checking);
    try {
      const digest = await sha256(file);
      const answer = await fetch(`${form.getAttribute("action")}?format=html&sha256=${digest}`);
      if (!answer.ok) throw new Error(answer.statusText);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (mine !== asked) return;
      result.replaceChildren(...page.getElementById("result").children);
      document.title = page.title;
      offerUpload(!result.querySelector(".good"));
    } catch {
      if (mine !== asked) return;
      show("", form.dataset.noAnswer, [form.dataset.again]);
      offerUpload(true);
    }
  };

  document.getElementById("uploads").hidden = true;
  document.getElementById("stays").hidden = false;
  button.textContent = form.dataset.upload;
  offerUpload(false);
  input.addEventListener("change", check);
  for (const name of ["dragenter", "dragover"]) {
    document.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) drop.classList.remove("over");
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    if (!event.dataTransfer.files.length) return;
    input.files = event.dataTransfer.files;
    check();
  });
  if (input.files.length) check();
})();
