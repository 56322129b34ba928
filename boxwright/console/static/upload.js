// Sends files to the server in parts, as tus 1.0.0 has it, and goes on where it broke off: after a lost connection by
// itself, after the page was closed when the same files are chosen again. Names are only ever shown as text.
const LEAST = 64 << 10;
const AT_ONCE = 4;
const ROWS = 6;  // files shown while they are sent
const WINDOW = 8000;  // milliseconds over which the speed is taken
const TUS = {"Tus-Resumable": "1.0.0"};
const BYTES = "application/offset+octet-stream";
const KEY = "boxwright-upload";

class Stopped extends Error {}

class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

const wait = (time) => new Promise((done) => setTimeout(done, time));

// 53 bits of a text, enough to know files again.
function digest(text) {
  let high = 0xdeadbeef, low = 0x41c6ce57;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    high = Math.imul(high ^ code, 2654435761);
    low = Math.imul(low ^ code, 1597334677);
  }
  return ((high >>> 0).toString(16) + (low >>> 0).toString(16)).padStart(16, "0");
}

function base64(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

function size(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let at = 0;
  while (bytes >= 1000 && at < units.length - 1) { bytes /= 1000; at++; }
  return `${at && bytes < 10 ? bytes.toFixed(1) : Math.round(bytes)} ${units[at]}`;
}

function time(seconds) {
  if (!Number.isFinite(seconds)) return "–";
  const whole = Math.round(seconds), minutes = Math.floor(whole / 60);
  if (whole < 60) return `${whole} s`;
  return minutes < 60 ? `${minutes} min ${whole % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

// What an upload is called: its file, its folder, or what the names of loose files begin with.
function called(names) {
  if (names.length === 1) return names[0];
  const tops = new Set(names.map((name) => name.split("/")[0]));
  if (tops.size === 1) return [...tops][0];
  let begin = names[0];
  for (const name of names) while (!name.startsWith(begin)) begin = begin.slice(0, -1);
  return begin.replace(/[\d\W_]+$/u, "") || "upload";
}

const hidden = (name) => name.split("/").some((part) => part.startsWith(".") || part === "__MACOSX");

// All files below a dropped folder.
async function walk(entry, above, found) {
  if (entry.isFile) {
    const file = await new Promise((done, fail) => entry.file(done, fail));
    found.push({file, name: above + entry.name});
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const some = await new Promise((done, fail) => reader.readEntries(done, fail));
    if (!some.length) return;
    for (const one of some) await walk(one, `${above}${entry.name}/`, found);
  }
}

export default {
  props: {base: String, words: Object, part: Number},
  emits: ["ready", "busy", "told"],
  data: () => ({
    state: "idle", over: false, message: "", note: "", earlier: null, rows: [], total: 0, sent: 0, count: 0, whole: 0,
    speed: 0, unpacking: null, touch: matchMedia("(pointer: coarse)").matches,
  }),
  computed: {
    percent() {
      const made = this.state === "unpacking" && this.unpacking ? this.unpacking.done / this.unpacking.total : null;
      return Math.floor(100 * (made ?? (this.total ? this.sent / this.total : 0)));
    },
    line() {
      if (this.state === "unpacking") return this.words.unpacking;
      const left = this.speed ? (this.total - this.sent) / this.speed : NaN;
      return this.fill(this.words.line, {sent: size(this.sent), total: size(this.total), done: this.whole,
        count: this.count, speed: size(this.speed), left: time(left)});
    },
    busy() { return ["sending", "paused", "unpacking"].includes(this.state); },
    // What stands above the buttons; a finger drops nothing and chooses no folders.
    help() {
      if (this.state === "done") return this.fill(this.words.done, {count: this.count, total: size(this.total)});
      return this.touch ? this.words.touch : this.words.help;
    },
    // What is told to who hears the page: no percentages, which would never end.
    heard() {
      return {done: this.help, unpacking: this.words.unpacking, paused: this.words.paused}[this.state] || "";
    },
  },
  // When all has come "ready" says so.
  watch: {busy(now) { if (now || this.state !== "done") this.$emit("busy", now); }},
  mounted() {
    this.leaving = (event) => { if (this.state === "sending") event.preventDefault(); };
    addEventListener("beforeunload", this.leaving);
    this.lookForEarlier();
  },
  beforeUnmount() {
    removeEventListener("beforeunload", this.leaving);
    this.stop();
  },
  methods: {
    size,
    fill(text, values) {
      return text.replace(/\{(\w+)\}/g, (all, name) => (name in values ? values[name] : all));
    },
    keys() {
      return Object.keys(localStorage).filter((key) => key.startsWith(`${KEY}:${this.base}:`));
    },
    async lookForEarlier() {
      for (const key of this.keys()) {
        const kept = JSON.parse(localStorage.getItem(key));
        const answer = await fetch(`${this.base}/${kept.id}`);
        if (answer.status === 404) localStorage.removeItem(key);
        else if (answer.ok && this.state === "idle") this.earlier = {...kept, key};
      }
    },
    async forgetEarlier() {
      await fetch(`${this.base}/${this.earlier.id}`, {method: "DELETE"});
      localStorage.removeItem(this.earlier.key);
      this.earlier = null;
    },
    async dropped(event) {
      this.over = false;
      if (this.busy) return;
      const entries = [...event.dataTransfer.items].map((one) => one.webkitGetAsEntry?.()).filter(Boolean);
      const found = [];
      for (const entry of entries) await walk(entry, "", found);
      await this.begin(found);
    },
    async picked(event) {
      const found = [...event.target.files].map((file) => ({file, name: file.webkitRelativePath || file.name}));
      event.target.value = "";
      await this.begin(found);
    },
    async begin(found) {
      const files = found.filter((one) => !hidden(one.name)).sort((a, b) => (a.name < b.name ? -1 : 1));
      if (!files.length) { this.message = this.words.nothing; return; }
      this.files = files.map((one) => ({...one, size: one.file.size, sent: 0, id: "", state: "waiting"}));
      const seen = files.map((one) => `${one.name}\t${one.file.size}\t${one.file.lastModified}`).join("\n");
      Object.assign(this, {key: `${KEY}:${this.base}:${digest(seen)}`, chunk: this.part, message: "", note: "",
        earlier: null, id: "", count: files.length, total: files.reduce((sum, one) => sum + one.file.size, 0)});
      await this.send();
    },
    // Sends what is not there yet; called again to go on.
    async send() {
      Object.assign(this, {state: "sending", message: "", marks: [], requests: new Set(), stopped: false});
      const mine = this.run = {};
      try {
        await this.insist(() => this.opened());
        if (this.run !== mine) return;
        this.show();
        const queue = this.files.filter((one) => one.state !== "whole");
        const work = async () => { for (let one; (one = queue.shift());) await this.sendFile(one); };
        await Promise.all(Array.from({length: AT_ONCE}, work));
        if (this.run === mine) await this.finish();
      } catch (error) {
        if (this.run !== mine || error instanceof Stopped) return;
        this.stop();
        Object.assign(this, {state: "failed", message: error.message});
        this.$emit("told", error.message);
      }
    },
    // The server's words in the viewer's language, where they are still shown.
    say(words, said) { if (this.message === words) this.message = said; },
    // One at a time, though somebody may pause and go on meanwhile: each would make an upload.
    opened() {
      this.opening ||= this.open().finally(() => { this.opening = null; });
      return this.opening;
    },
    // The upload to go on with, or a new one.
    async open() {
      const kept = JSON.parse(localStorage.getItem(this.key) || "null");
      if (kept) {
        const answer = await fetch(`${this.base}/${kept.id}`);
        if (answer.ok) { this.id = kept.id; await this.learn(); return; }
        if (answer.status !== 404) throw await this.refusal(answer);
      }
      const name = called(this.files.map((one) => one.name));
      const answer = await fetch(this.base, {method: "POST", headers: {"Content-Type": "application/json"},
        body: JSON.stringify({displayName: name.slice(0, 200)})});
      if (!answer.ok) throw await this.refusal(answer);
      this.id = (await answer.json()).uploadId;
      for (const one of this.files) Object.assign(one, {id: "", sent: 0, state: "waiting"});
      localStorage.setItem(this.key, JSON.stringify({id: this.id, name}));
    },
    // How far each file has come.
    async learn() {
      const known = new Map();
      let token = "";
      do {
        const query = `pageSize=100&pageToken=${encodeURIComponent(token)}`;
        const answer = await fetch(`${this.base}/${this.id}/files?${query}`);
        if (!answer.ok) throw await this.refusal(answer);
        const page = await answer.json();
        for (const one of page.files || []) known.set(one.name, one);
        token = page.nextPageToken || "";
      } while (token);
      for (const one of this.files) {
        const there = known.get(one.name);
        if (there && Number(there.sizeBytes) === one.size) this.reach(one, there.fileId, Number(there.offset));
      }
    },
    reach(one, id, offset) {
      Object.assign(one, {id, sent: offset, state: offset === one.size ? "whole" : one.state});
    },
    async sendFile(one) {
      one.state = "sending";
      if (!one.id) await this.insist(() => this.announce(one));
      while (one.sent < one.size) await this.insist(() => this.sendPart(one));
      one.state = "whole";
      this.show();
    },
    async announce(one) {
      const headers = {"Upload-Length": String(one.size), "Upload-Metadata": `relativePath ${base64(one.name)}`};
      const part = one.size <= this.chunk ? one.file : null;  // a small file goes with its announcement
      if (part) headers["Content-Type"] = BYTES;
      const request = await this.ask("POST", `${this.base}/${this.id}/files`, headers, part, one);
      this.reach(one, request.getResponseHeader("Location").split("/").pop(),
        Number(request.getResponseHeader("Upload-Offset")));
    },
    async sendPart(one) {
      const part = one.file.slice(one.sent, one.sent + this.chunk);
      const headers = {"Upload-Offset": String(one.sent), "Content-Type": BYTES};
      const request = await this.ask("PATCH", `${this.base}/${this.id}/files/${one.id}`, headers, part, one);
      this.reach(one, one.id, Number(request.getResponseHeader("Upload-Offset")));
    },
    ask(method, address, headers, body, one) {
      return new Promise((done, fail) => {
        const request = new XMLHttpRequest();
        const start = one.sent;
        request.open(method, address);
        for (const [name, value] of Object.entries({...TUS, ...headers})) request.setRequestHeader(name, value);
        request.upload.onprogress = (event) => { one.sent = Math.min(one.size, start + event.loaded); this.show(); };
        request.onload = () => {
          if (request.status < 300) { done(request); return; }
          one.sent = start;
          let words = `HTTP ${request.status}`;
          try { words = JSON.parse(request.responseText).error.message; } catch { /* not our words */ }
          fail(new Refused(request.status, words));
        };
        request.onerror = () => { one.sent = start; fail(new TypeError("connection")); };
        request.onabort = () => { one.sent = start; fail(new Stopped()); };
        request.onloadend = () => this.requests.delete(request);
        this.requests.add(request);
        request.send(body);
      });
    },
    // Tries until it works, or the server refuses for good.
    async insist(action) {
      const mine = this.run;
      for (let pause = 1000, lost = 0; ; pause = Math.min(30000, 2 * pause)) {
        if (this.stopped || this.run !== mine) throw new Stopped();
        try {
          const found = await action();
          this.note = "";
          return found;
        } catch (error) {
          if (error instanceof Stopped) throw error;
          const status = error instanceof Refused ? error.status : 0;
          if (status === 413 && this.chunk > LEAST) { this.chunk = Math.max(LEAST, Math.floor(this.chunk / 4)); continue; }
          const again = !status || status >= 500 || status === 409 || status === 423 || status === 429;
          if (!again || status === 507) throw error;
          this.note = status ? "" : this.words.lost;
          // Some proxies hang up on requests that are too large for them.
          if (!status && ++lost > 2) this.chunk = Math.max(LEAST, Math.floor(this.chunk / 4));
          await wait(pause);
          if (this.stopped || this.run !== mine) throw new Stopped();
          if (this.id) await this.learn().catch(() => {});
        }
      }
    },
    async finish() {
      this.state = "unpacking";
      let answer = await this.insist(() => this.json("POST", `${this.base}/${this.id}:finish`));
      while (answer.state === "UNPACKING") {
        this.unpacking = answer.progress || null;
        await wait(400);
        answer = await this.insist(() => this.json("GET", `${this.base}/${this.id}`));
      }
      if (answer.state !== "READY") throw new Refused(0, answer.errorMessage || answer.state);
      localStorage.removeItem(this.key);
      this.state = "done";
      this.$emit("ready", {uploadId: this.id});
    },
    async json(method, address) {
      const answer = await fetch(address, {method});
      if (!answer.ok) throw await this.refusal(answer);
      return answer.json();
    },
    async refusal(answer) {
      const found = await answer.json().catch(() => null);
      return new Refused(answer.status, found?.error?.message || `HTTP ${answer.status}`);
    },
    stop() {
      this.stopped = true;
      this.run = null;
      for (const request of this.requests || []) request.abort();
    },
    pause() {
      this.stop();
      for (const one of this.files) if (one.state === "sending") one.state = "waiting";
      this.speed = 0;
      this.state = "paused";
    },
    async cancel() {
      this.stop();
      await this.opening?.catch(() => {});  // what is being made is taken away as well
      localStorage.removeItem(this.key);
      if (this.id) await fetch(`${this.base}/${this.id}`, {method: "DELETE"}).catch(() => {});
      Object.assign(this, {state: "idle", id: "", rows: [], sent: 0, total: 0, message: "", note: ""});
    },
    // Brings what is shown up to date, ten times a second at most.
    show() {
      const now = performance.now();
      if (now - (this.shown || 0) < 100 && this.sent) return;
      this.shown = now;
      this.sent = this.files.reduce((sum, one) => sum + one.sent, 0);
      this.whole = this.files.filter((one) => one.state === "whole").length;
      this.marks = [...this.marks.filter((one) => now - one.now < WINDOW), {now, sent: this.sent}];
      const first = this.marks[0];
      this.speed = now - first.now > 300 ? Math.max(0, 1000 * (this.sent - first.sent) / (now - first.now)) : 0;
      this.rows = this.files.filter((one) => one.state === "sending").slice(0, ROWS)
        .map((one) => ({name: one.name, percent: one.size ? Math.floor(100 * one.sent / one.size) : 100}));
    },
  },
  template: `
    <div class="upload" :class="{'upload-over': over}" @dragover.prevent="over = true" @dragleave="over = false"
         @drop.prevent="dropped">
      <template v-if="!busy">
        <div class="upload-help">{{ help }}</div>
        <div v-if="state !== 'done'" class="note">{{ words.kinds }}</div>
        <div v-if="earlier" class="upload-earlier" role="status">
          {{ fill(words.earlier, {name: earlier.name}) }}
          <button type="button" class="upload-button" @click="forgetEarlier">{{ words.discard }}</button>
        </div>
        <div class="upload-buttons">
          <button type="button" class="upload-button" :class="{'upload-main': state !== 'done'}"
                  @click="$refs.files.click()">{{ state === 'done' ? words.other : words.files }}</button>
          <button v-if="!touch && state !== 'done'" type="button" class="upload-button" @click="$refs.folder.click()">
            {{ words.folder }}</button>
        </div>
      </template>
      <template v-else>
        <div class="upload-bar" role="progressbar" :aria-valuenow="percent" aria-valuemin="0" aria-valuemax="100"
             :aria-label="words.progress"><div :style="{width: percent + '%'}"></div></div>
        <div class="upload-line">{{ line }}</div>
        <div v-if="state === 'paused'" class="note">{{ words.paused }}</div>
        <div v-if="note" class="upload-note" role="status">{{ note }}</div>
        <ul v-if="state === 'sending'" class="upload-rows">
          <li v-for="row in rows" :key="row.name"><span>{{ row.name }}</span><span>{{ row.percent }} %</span></li>
        </ul>
        <div class="upload-buttons">
          <button v-if="state === 'sending'" type="button" class="upload-button" @click="pause">{{ words.pause }}</button>
          <button v-if="state === 'paused'" type="button" class="upload-button upload-main" @click="send">
            {{ words.resume }}</button>
          <button v-if="state !== 'unpacking'" type="button" class="upload-button" @click="cancel">
            {{ words.cancel }}</button>
        </div>
      </template>
      <div v-if="message" class="upload-message" role="alert">{{ message }}
        <button v-if="state === 'failed'" type="button" class="upload-button" @click="send">{{ words.retry }}</button>
        <button v-if="state === 'failed'" type="button" class="upload-button" @click="cancel">{{ words.discard }}</button>
      </div>
      <div class="unseen" role="status">{{ heard }}</div>
      <input ref="files" type="file" multiple hidden :aria-label="words.files" @change="picked">
      <input ref="folder" type="file" webkitdirectory hidden :aria-label="words.folder" @change="picked">
    </div>`,
};
