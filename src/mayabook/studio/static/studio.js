// Loaded by every page: the light or dark theme chosen in this browser.
(() => {
  const apply = () => {
    document.documentElement.dataset.theme = localStorage.getItem("theme") ?? "";
  };
  const isDark = () => {
    const theme = document.documentElement.dataset.theme;
    return theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  };
  window.nextTheme = () => {
    localStorage.setItem("theme", isDark() ? "light" : "dark");
    apply();
  };
  apply();
})();

// Speech: one player per page. The data attributes of a button give the text, the engine and the voice.
(() => {
  let player = null;
  let owner = null;
  const stop = () => {
    player?.pause();
    if (owner) {
      owner.removeAttribute("aria-pressed");
      owner.removeAttribute("aria-busy");
    }
    owner = null;
  };
  const play = (button, address, release) => {
    player = new Audio(address);
    player.onended = () => {
      stop();
      release?.();
    };
    button.setAttribute("aria-pressed", "true");
    return player.play();
  };
  window.hear = async (button) => {
    if (owner === button) return stop();
    stop();
    owner = button;
    button.setAttribute("aria-busy", "true");
    try {
      const { text, model, voice, instructions } = button.dataset;
      const answer = await fetch("/v1/audio/speech", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ input: text, model, voice, instructions, response_format: "mp3" }),
      });
      if (!answer.ok) {
        const wrong = await answer.json().catch(() => ({}));
        throw new Error(wrong.error?.message ?? wrong.detail ?? "The sample could not be spoken; try again.");
      }
      const address = URL.createObjectURL(await answer.blob());
      if (owner !== button) return;
      button.removeAttribute("aria-busy");
      await play(button, address, () => URL.revokeObjectURL(address));
      if (answer.headers.get("X-MayaBook-Check") === "rejected")
        tell(`The checks did not hear this as written (${answer.headers.get("X-MayaBook-Defects")}). Try another voice or spelling.`);
    } catch (error) {
      stop();
      tell(error.message, true);
    }
  };
  window.tell = (text, isError = false) => {
    const message = document.createElement("div");
    message.className = isError ? "message error" : "message";
    const words = document.createElement("span");
    words.textContent = text;
    const close = Object.assign(document.createElement("button"), { type: "button", className: "button quiet", textContent: "Close" });
    close.onclick = () => message.remove();
    message.append(words, close);
    document.querySelector(".messages").append(message);
    if (!isError) setTimeout(() => message.remove(), 8000);
  };
})();

// Uploads: chosen or dropped files are sent one after the other, and the shelf shows each when it has been added.
(() => {
  const send = async (files) => {
    for (const file of files) {
      const form = new FormData();
      form.append("file", file);
      const answer = await fetch("/api/books", { method: "POST", body: form }).catch(() => null);
      const said = await answer?.json().catch(() => ({}));
      if (answer?.ok) tell(`${file.name} is on the shelf.`);
      else tell(said?.detail ?? `${file.name} could not be added. Check that the studio is still running, then try again.`, true);
    }
    emitEvent("books-added"); // of nicegui.js
  };
  window.chooseBooks = () => {
    const input = Object.assign(document.createElement("input"), { type: "file", multiple: true });
    input.onchange = () => send(input.files);
    input.click();
  };
  const holdsFiles = (event) => event.dataTransfer?.types.includes("Files") && document.querySelector(".drop-hint");
  document.addEventListener("dragover", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    document.body.classList.add("dropping");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) document.body.classList.remove("dropping");
  });
  document.addEventListener("drop", (event) => {
    document.body.classList.remove("dropping");
    if (!holdsFiles(event)) return;
    event.preventDefault();
    send(event.dataTransfer.files);
  });
})();
