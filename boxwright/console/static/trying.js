// Shows pictures or the camera to an endpoint and draws what it finds. Everything that comes from elsewhere is only
// ever put into the page as text: Vue escapes it.
const LONGEST = 1280;  // pixels of a camera frame's longer side
const TONES = 8;
const OFTEN = 300;  // milliseconds between changes of the table while the camera runs
const KINDS = {"image/png": "png", "image/gif": "gif", "image/bmp": "bmp"};

// JSON with line breaks between its tokens and none of them changed; short objects stay on a line.
function spread(text) {
  let depth = 0, inText = false, out = "";
  for (let at = 0; at < text.length; at++) {
    const one = text[at];
    if (inText) {
      out += one;
      if (one === "\\") out += text[++at];
      else if (one === '"') inText = false;
      continue;
    }
    if (one === '"') inText = true;
    if (one === "}" || one === "]") { depth--; out += one; continue; }
    out += one;
    if (one === "{" || one === "[") {
      depth++;
      if (depth <= 4) out += "\n" + "  ".repeat(depth);
    } else if (one === ",") out += depth <= 4 ? "\n" + "  ".repeat(depth) : " ";
    else if (one === ":") out += " ";
  }
  return out;
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
const wait = (time) => new Promise((done) => setTimeout(done, time));

// Kinds of pictures that endpoints read; what else a browser can show, as phones make it, is sent as PNG.
const READ = ["image/jpeg", "image/png", "image/gif", "image/bmp"];
async function readable(blob) {
  if (!blob.type.startsWith("image/") || READ.includes(blob.type)) return blob;
  const picture = await createImageBitmap(blob).catch(() => null);
  if (!picture) return blob;
  const canvas = document.createElement("canvas");
  Object.assign(canvas, {width: picture.width, height: picture.height});
  canvas.getContext("2d").drawImage(picture, 0, 0);
  return await new Promise((done) => canvas.toBlob(done, "image/png")) || blob;
}

export default {
  template: `
    <div class="trying">
     <div class="trying-side">
      <div class="trying-stage" :class="{'trying-over': over}" :aria-busy="asking ? 'true' : 'false'" @dragover.prevent="over = true"
           @dragleave="over = false" @drop.prevent="dropped">
        <div v-show="shown" class="boxes-frame" :style="{aspectRatio: width + ' / ' + height}">
          <img v-show="!camera" ref="image" :src="source" :alt="alt" @load="loaded" @error="unreadable">
          <video v-show="camera" ref="video" autoplay muted playsinline :aria-label="words.camera_shown"></video>
          <svg :viewBox="'0 0 ' + width + ' ' + height" preserveAspectRatio="none" aria-hidden="true">
            <rect v-for="(one, key) in boxes" :key="key" :class="['boxes-box', 'tone-' + tone(one)]" :x="one.xmin"
              :y="one.ymin" :width="Math.max(1, one.xmax - one.xmin)" :height="Math.max(1, one.ymax - one.ymin)">
              <title>{{ label(one) }}</title></rect>
          </svg>
          <template v-if="boxes.length <= 20">
            <span v-for="(one, key) in boxes" :key="key" :class="['boxes-label', 'tone-' + tone(one)]"
              :style="place(one)" aria-hidden="true">{{ label(one) }}</span>
          </template>
        </div>
        <div v-show="!shown" class="trying-drop" @click="$refs.file.click()">
          <div>{{ words.drop }}</div>
          <div class="note">{{ words.paste }}</div>
        </div>
      </div>
      <div v-if="message" class="trying-message" role="alert">{{ message }}</div>
      <div class="actions">
        <button type="button" class="trying-button trying-main" @click="$refs.file.click()">{{ words.choose }}</button>
        <button v-if="!camera" type="button" class="trying-button" @click="start">{{ words.camera }}</button>
        <button v-else type="button" class="trying-button" @click="stop">{{ words.camera_stop }}</button>
        <span class="note" role="status" data-mark="latency">{{ asking ? words.asking : line }}</span>
      </div>
      <div v-if="samples.length" class="trying-samples" role="group" :aria-label="words.samples">
        <button v-for="one in samples" :key="one.src" type="button" @click="take(one)" :aria-label="one.name">
          <img :src="one.thumbnail" alt="" loading="lazy"></button>
      </div>
     </div>
     <div class="trying-side">
      <div class="trying-tools">
        <label class="trying-threshold">{{ words.threshold }}
          <input type="range" min="0" max="1" step="0.01" v-model.number="threshold" :aria-label="words.threshold">
          <output>{{ threshold.toFixed(2) }}</output></label>
        <fieldset v-if="classes.length" class="trying-classes"><legend>{{ words.classes }}</legend>
          <label v-for="name in classes" :key="name"><input type="checkbox" :checked="!hidden[name]"
            @change="hidden = {...hidden, [name]: !$event.target.checked}">
            <span class="boxes-sign" :class="'tone-' + toneOf(name)" aria-hidden="true"></span>{{ name }}
            <span v-if="answer" class="note" aria-hidden="true">{{ counts[name] || 0 }}</span></label>
        </fieldset>
        <div v-if="answer" role="status" data-mark="count">{{ words.count.replace("{n}", boxes.length)
          .replace("{from}", threshold.toFixed(2)) }}</div>
      </div>
      <div v-if="answer" class="listing trying-table" tabindex="0" role="region" :aria-label="words.found">
        <table><thead><tr><th scope="col">{{ words.class_name }}</th><th scope="col" class="number">{{ words.score }}</th>
          <th scope="col" class="number">{{ words.box }}</th></tr></thead>
          <tbody>
            <tr v-for="(one, key) in boxes.slice(0, 100)" :key="key"><td>{{ one.class }}</td>
              <td class="number">{{ one.score.toFixed(3) }}</td>
              <td class="number">{{ corners(one) }}</td></tr>
            <tr v-if="!boxes.length"><td colspan="3" class="note">{{ words.nothing }}</td></tr>
          </tbody></table>
      </div>
     </div>
      <details class="trying-more" :open="more" @toggle="more = $event.target.open">
        <summary>{{ words.request }}</summary>
        <div class="code"><pre tabindex="0" role="region" :aria-label="words.curl" data-mark="curl">{{ curl }}</pre>
          <button type="button" class="trying-copy" @click="copy(curl)">{{ words.copy }}</button></div>
        <div v-if="answer" class="code"><pre tabindex="0" role="region" :aria-label="words.answer"
          data-mark="answer">{{ spreadAnswer }}</pre>
          <button type="button" class="trying-copy" @click="copy(answer)">{{ words.copy }}</button></div>
        <span class="unseen" role="status">{{ copied }}</span>
      </details>
      <input ref="file" type="file" accept="image/*" hidden :aria-label="words.choose"
        @change="picked">
    </div>`,
  emits: ["told"],
  props: {
    path: String,
    version: { type: String, default: "" },
    words: Object,
    samples: { type: Array, default: () => [] },
    first: { type: Object, default: null },
    startAt: { type: Number, default: 0.5 },
  },
  data() {
    return {
      source: "", name: "photo.jpg", kind: "image/jpeg", width: 4, height: 3, camera: false, over: false, shown: false,
      found: [], answer: "", message: "", line: "", threshold: this.startAt, hidden: {}, classes: [], copied: "",
      more: false, asking: false,
    };
  },
  computed: {
    boxes() {
      return this.found.filter((one) => one.score >= this.threshold && !this.hidden[one.class]);
    },
    counts() {
      const found = {};
      for (const one of this.found) if (one.score >= this.threshold) found[one.class] = (found[one.class] || 0) + 1;
      return found;
    },
    alt() {
      return this.words.shown.replace("{name}", () => this.name);
    },
    spreadAnswer() {
      return this.more ? spread(this.answer) : "";
    },
    curl() {
      const url = `${location.origin}${this.path}?threshold=${this.threshold}`;
      const version = this.version ? ` -H ${quoted("X-Amzn-SageMaker-Target-Variant: " + this.version)}` : "";
      const file = this.name.startsWith("-") || this.name.startsWith("@") ? `./${this.name}` : this.name;
      return `curl --data-binary ${quoted("@" + file)} -H 'Content-Type: ${this.kind}' ` +
        `-H "Authorization: Bearer $BOXWRIGHT_TOKEN"${version} ${quoted(url)}`;
    },
  },
  watch: {
    version() {
      if (this.blob && !this.camera) this.ask(this.blob);
    },
  },
  mounted() {
    addEventListener("paste", this.pasted);
    if (this.first) this.take(this.first);
  },
  beforeUnmount() {
    removeEventListener("paste", this.pasted);
    this.stop();
    if (this.source) URL.revokeObjectURL(this.source);
  },
  methods: {
    label(one) { return `${one.class} ${one.score.toFixed(2)}`; },
    toneOf(name) { return Math.max(0, this.classes.indexOf(name)) % TONES; },
    tone(one) { return this.toneOf(one.class); },
    corners(one) { return [one.xmin, one.ymin, one.xmax, one.ymax].map((value) => Math.round(value)).join(", "); },
    place(one) {
      const left = Math.max(0, 100 * one.xmin / this.width), right = Math.max(0, 100 - 100 * one.xmax / this.width);
      const side = one.xmin > this.width * 0.6 ? {right: `${right}%`} : {left: `${left}%`};
      return {...side, bottom: `min(${100 - 100 * one.ymin / this.height}%, 100% - 18px)`};
    },
    picked(event) {
      const [file] = event.target.files;
      event.target.value = "";
      if (file) this.show(file, file.name);
    },
    dropped(event) {
      this.over = false;
      const [file] = event.dataTransfer.files;
      if (file) this.show(file, file.name);
    },
    pasted(event) {
      const file = [...(event.clipboardData?.files || [])].find((one) => one.type.startsWith("image/"));
      if (file) this.show(file, `picture.${KINDS[file.type] || "jpg"}`);
    },
    async take(sample) {
      try {
        const answer = await fetch(sample.src);
        if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
        await this.show(await answer.blob(), sample.name);
      } catch (error) { this.message = this.words.lost.replace("{error}", () => error.message); }
    },
    async show(given, name) {
      this.stop();
      const blob = await readable(given);
      if (this.source) URL.revokeObjectURL(this.source);
      Object.assign(this, {source: URL.createObjectURL(blob), name: name.split(/[\\/]/).pop() || "picture.jpg",
        kind: blob.type || "application/octet-stream", found: [], answer: "", line: "", message: ""});
      await this.ask(blob);
    },
    loaded() {
      Object.assign(this, {width: this.$refs.image.naturalWidth, height: this.$refs.image.naturalHeight, shown: true});
    },
    unreadable() { if (this.source) this.shown = false; },
    // Asks the endpoint; only the newest question's answer is shown.
    async ask(blob) {
      this.blob = blob;
      const mine = this.asked = (this.asked || 0) + 1;
      const headers = {"Content-Type": blob.type || "application/octet-stream", Accept: "application/json"};
      if (this.version) headers["X-Amzn-SageMaker-Target-Variant"] = this.version;
      const began = performance.now();
      this.asking = !this.camera;
      try {
        const reply = await fetch(this.path, {method: "POST", body: blob, headers});
        const text = await reply.text();
        if (mine !== this.asked) return;
        const time = Math.round(performance.now() - began);
        if (reply.status === 401) boxwright.leave();
        if (!reply.ok) throw new Error(this.said(text, reply));
        this.hear(text, time, reply.headers.get("x-boxwright-version") || "");
      } catch (error) {
        if (mine !== this.asked) return;
        Object.assign(this, {message: error.message || String(error), found: [], answer: "", line: ""});
        if (error instanceof TypeError) this.message = this.words.lost.replace("{error}", () => error.message);
        else this.$emit("told", this.message);
      } finally { if (mine === this.asked) this.asking = false; }
    },
    // The server's words in the viewer's language, where they are still shown.
    say(words, said) { if (this.message === words) this.message = said; },
    said(text, reply) {
      const told = [];
      if (!this.shown || reply.status === 415) told.push(this.words.unreadable.replace("{name}", () => this.name));
      try {
        const {error} = JSON.parse(text);
        told.push(typeof error === "string" ? error : error.message);
      } catch { told.push(`HTTP ${reply.status} ${reply.statusText}`); }
      return told.join("\n");
    },
    hear(text, time, version) {
      const image = JSON.parse(text).images[0];
      const names = [...new Set(image.boxes.map((one) => one.class))].filter((one) => !this.classes.includes(one));
      if (names.length) this.classes = [...this.classes, ...names].slice(0, 200);
      const fill = {time, version, width: image.width, height: image.height};
      this.line = this.words.line.replace(/\{(\w+)\}/g, (_, name) => fill[name]);
      Object.assign(this, {found: image.boxes, message: "", width: image.width, height: image.height, shown: true});
      // The table and the text change less often than the camera's boxes do, so that they can be read.
      if (!this.camera || performance.now() - (this.told || 0) > OFTEN) {
        this.answer = text;
        this.told = performance.now();
      }
    },
    async start() {
      this.message = "";
      if (!navigator.mediaDevices?.getUserMedia) { this.message = this.words.camera_insecure; return; }
      const wanted = {video: {facingMode: "environment", width: {ideal: LONGEST}}, audio: false};
      try {
        this.stream = await navigator.mediaDevices.getUserMedia(wanted);
      } catch (error) {
        const known = {NotAllowedError: "camera_denied", NotFoundError: "camera_none", NotReadableError: "camera_busy"};
        this.message = this.words[known[error.name] || "camera_busy"];
        return;
      }
      this.camera = true;
      Object.assign(this, {found: [], answer: "", name: "frame.jpg", kind: "image/jpeg"});
      this.$refs.video.srcObject = this.stream;
      this.stream.getVideoTracks()[0]?.addEventListener("ended", this.stop);
      await this.follow(this.stream);
    },
    // One frame after another: the next is taken when the last is answered, so none ever waits.
    async follow(stream) {
      const canvas = document.createElement("canvas"), video = this.$refs.video;
      while (this.camera && this.stream === stream) {
        if (document.hidden || !video.videoWidth) { await wait(100); continue; }
        const scale = Math.min(1, LONGEST / Math.max(video.videoWidth, video.videoHeight));
        canvas.width = Math.round(video.videoWidth * scale);
        canvas.height = Math.round(video.videoHeight * scale);
        canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
        const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.85));
        if (blob && this.camera && this.stream === stream) await this.ask(blob);
        if (this.message) await wait(1000);
      }
    },
    stop() {
      for (const track of this.stream?.getTracks() || []) track.stop();
      if (this.camera) Object.assign(this, {camera: false, shown: !!this.source, found: [], answer: "", line: ""});
      this.asked = (this.asked || 0) + 1;
      this.asking = false;
      this.stream = null;
    },
    async copy(text) {
      await boxwright.copy(text);
      this.copied = this.words.copied;
    },
  },
};
