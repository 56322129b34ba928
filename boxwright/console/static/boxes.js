// A picture with boxes over it. Boxes are data; Vue escapes their words.
export default {
  template: `
    <figure class="boxes">
      <div class="boxes-frame" :style="{aspectRatio: width + ' / ' + height}">
        <img :src="src" :width="width" :height="height" :alt="alt" :loading="loading" @error="broken = true"
          @load="broken = false">
        <svg :viewBox="'0 0 ' + width + ' ' + height" preserveAspectRatio="none" aria-hidden="true">
          <rect v-for="one in shown" :key="'under' + one.key" class="boxes-under" :class="{'boxes-strong': one.strong,
            'boxes-faint': strong && !one.strong}" :x="one.box[0]" :y="one.box[1]" :width="extent(one)[0]"
            :height="extent(one)[1]"/>
          <rect v-for="one in shown" :key="one.key" :class="['boxes-box', 'tone-' + one.tone,
            {'boxes-dashed': one.dashed, 'boxes-strong': one.strong, 'boxes-faint': strong && !one.strong}]"
            :x="one.box[0]" :y="one.box[1]" :width="extent(one)[0]" :height="extent(one)[1]"><title>{{ one.words }}</title></rect>
        </svg>
        <template v-if="labels">
          <span v-for="one in named" :key="one.key" :class="['boxes-label', 'tone-' + one.tone,
            {'boxes-below': one.dashed, 'boxes-left': one.box[0] > width * .6}]" :style="place(one)" aria-hidden="true"
            >{{ one.words }}</span>
        </template>
        <span v-if="lower" class="boxes-lower">{{ lower }}</span>
      </div>
      <ul class="unseen"><li v-for="one in shown" :key="one.key">{{ one.words }}</li></ul>
    </figure>`,
  props: {
    src: String,
    width: Number,
    height: Number,
    alt: String,
    boxes: { type: Array, default: () => [] },
    group: { type: String, default: "" },
    threshold: { type: Number, default: 0 },
    truth: { type: Boolean, default: true },
    predictions: { type: Boolean, default: true },
    labels: { type: Boolean, default: true },
    most: { type: Number, default: 14 },
    hint: { type: String, default: "" },
    loading: { type: String, default: "lazy" },
  },
  data() {
    return { asked: {}, broken: false };
  },
  computed: {
    now() {
      return { threshold: this.threshold, truth: this.truth, predictions: this.predictions, ...this.asked };
    },
    shown() {
      const { threshold, truth, predictions } = this.now;
      return this.boxes
        .map((one, key) => ({ ...one, key, words: this.words(one) }))
        .filter((one) => (one.score == null ? truth : predictions && one.score >= threshold));
    },
    lower() {
      const { threshold, predictions } = this.now;
      const scores = this.boxes.map((one) => one.score).filter((score) => score != null);
      if (!this.hint || !predictions || !scores.length || scores.some((score) => score >= threshold)) return "";
      return this.hint.replace("{n}", scores.length).replace("{best}", Math.max(...scores).toFixed(2));
    },
    strong() {
      return this.shown.some((one) => one.strong);
    },
    named() {
      if (this.strong) return this.shown.filter((one) => one.strong);
      return this.shown.length <= this.most ? this.shown : [];
    },
  },
  mounted() {
    window.addEventListener("boxes", this.hear);
    this.hear({ detail: { group: this.group, ...((window.boxesAsked || {})[this.group] || {}) } });
  },
  beforeUnmount() {
    window.removeEventListener("boxes", this.hear);
  },
  methods: {
    hear(event) {
      const { group, ...asked } = event.detail;
      if (group && group === this.group) this.asked = { ...this.asked, ...asked };
    },
    extent(one) {
      return [Math.max(1, one.box[2] - one.box[0]), Math.max(1, one.box[3] - one.box[1])];
    },
    words(one) {
      return one.score == null ? one.text : `${one.text} ${one.score.toFixed(2)}`;
    },
    place(one) {
      const left = (100 * one.box[0]) / this.width, right = 100 - (100 * one.box[2]) / this.width;
      const top = (100 * one.box[1]) / this.height, bottom = (100 * one.box[3]) / this.height;
      const side = one.box[0] > this.width * 0.6 ? { right: `${Math.max(0, right)}%` } : { left: `${Math.max(0, left)}%` };
      const height = one.dashed ? { top: `min(${bottom}%, 100% - 18px)` } : { bottom: `min(${100 - top}%, 100% - 18px)` };
      return { ...side, ...height };
    },
  },
};
