// Works out a chosen file's SHA-256 here and asks whether that is on record. Uploads only when the button is pressed.
// Where the browser cannot hash (a page without TLS, for one), the form stays a plain upload.
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

  const show = (kind, headline, lines = [], digest = "") => {
    const parts = [element("h2", "", headline)];
    if (lines.length) parts.push(element("ul", "", ...lines.map((line) => element("li", "", element("bdi", "", line)))));
    if (digest) parts.push(element("p", "digest", "SHA-256 ", element("code", "", digest)));
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
    if (file.size > Number(form.dataset.mostBytes)) return complain(form.dataset.tooLarge);
    show("asking", `Looking for ${file.name} …`);
    try {
      const digest = await sha256(file);
      const answer = await fetch(`${form.getAttribute("action")}?format=json&sha256=${digest}`);
      if (!answer.ok) throw new Error(answer.statusText);
      const verdict = await answer.json();
      if (mine !== asked) return;
      show(verdict.valid ? "good" : "", verdict.headline, verdict.lines, digest);
      offerUpload(!verdict.valid);
    } catch {
      if (mine !== asked) return;
      show("", "The desk could not be asked.", ["Try again, or upload the file."]);
      offerUpload(true);
    }
  };

  document.getElementById("uploads").hidden = true;
  document.getElementById("stays").hidden = false;
  button.textContent = "Upload and compare";
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
