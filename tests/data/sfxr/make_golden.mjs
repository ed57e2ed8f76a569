// Renders tests/data/sfxr/golden.json and golden.deflate anew with jsfxr 1.4.1, which we did not write.
//
// From any folder outside the repository:
//
//     npm install jsfxr@1.4.1
//     node <repository>/tests/data/sfxr/make_golden.mjs
//
// golden.json holds the cases: parameters, jsfxr's link for them, the values that jsfxr reads in that link, a .sfs file as
// hex, and of noise the mean power in windows of time and in bands of frequency over many renders.
// golden.deflate holds the first 36000 samples of all other cases, one after another: 16 bits, little-endian, deflated.

import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { deflateRawSync } from "node:zlib";

const require = createRequire(join(process.cwd(), "from-here"));
const { Params, SoundEffect, sfxr } = require("jsfxr");
const home = dirname(fileURLToPath(import.meta.url));

const RATE = 44100;
const WINDOW = 882; // 20 ms
const RENDERS = 256;
const KEPT = 36000; // frames: what comes after is long and dull

// Math.random, seeded: mulberry32.
function seed(value) {
  let state = value >>> 0;
  Math.random = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function rolled(generator, number) {
  seed(1000 + number);
  const params = new Params();
  params[generator]();
  return params;
}

function set(values) {
  return Object.assign(new Params(), { p_env_sustain: 0.22, p_env_decay: 0.22 }, values);
}

const cases = {};
const GENERATORS = ["pickupCoin", "laserShoot", "explosion", "powerUp", "hitHurt", "jump", "blipSelect", "synth", "click"];
for (const generator of GENERATORS) {
  for (let number = 0; number < 3; number++) cases[`${generator}_${number}`] = rolled(generator, number);
}
cases.tone_0 = rolled("tone", 0);
for (let number = 0; number < 10; number++) cases[`random_${number}`] = rolled("random", number);

const EFFECTS = {
  square: {},
  sawtooth: { wave_type: 1, p_duty: 1 },
  triangle: { wave_type: 1, p_duty: 0 },
  sine: { wave_type: 2 },
  attack: { p_env_attack: 0.2 },
  punch: { p_env_punch: 0.7 },
  vibrato: { p_vib_strength: 0.5, p_vib_speed: 0.55 },
  arpeggio_up: { p_arp_mod: 0.5, p_arp_speed: 0.6 },
  arpeggio_down: { p_arp_mod: -0.4, p_arp_speed: 0.5 },
  duty: { p_duty: 0.7 },
  duty_sweep_down: { p_duty: 0.2, p_duty_ramp: 0.4 },
  duty_sweep_up: { p_duty: 0.9, p_duty_ramp: -0.6 },
  sawtooth_sweep: { wave_type: 1, p_duty: 0.9, p_duty_ramp: -0.5 },
  repeat: { p_repeat_speed: 0.55, p_freq_ramp: 0.3 },
  repeat_arpeggio: { p_repeat_speed: 0.6, p_freq_ramp: -0.25, p_arp_mod: 0.4, p_arp_speed: 0.55 },
  flanger: { p_pha_offset: 0.4 },
  flanger_sweep: { wave_type: 1, p_duty: 1, p_pha_offset: -0.2, p_pha_ramp: 0.25 },
  lowpass: { p_lpf_freq: 0.35 },
  lowpass_resonant: { p_lpf_freq: 0.4, p_lpf_resonance: 0.9 },
  lowpass_ramp_down: { p_lpf_freq: 0.7, p_lpf_ramp: -0.4, p_lpf_resonance: 0.6 },
  lowpass_ramp_up: { p_lpf_freq: 0.2, p_lpf_ramp: 0.5 },
  highpass: { p_hpf_freq: 0.4 },
  highpass_ramp_down: { p_hpf_freq: 0.8, p_hpf_ramp: -0.5 },
  highpass_ramp_up: { p_hpf_freq: 0.1, p_hpf_ramp: 0.7 },
  slide_up: { p_freq_ramp: 0.35 },
  slide_down: { p_base_freq: 0.7, p_freq_ramp: -0.35 },
  slide_to_limit: { p_base_freq: 0.6, p_freq_ramp: -0.3, p_freq_limit: 0.3 },
  slide_bent: { p_freq_ramp: -0.3, p_freq_dramp: 0.5 },
  slide_held: { p_base_freq: 0.5, p_freq_ramp: -0.45, p_freq_dramp: 0.55 },
  no_decay: { p_env_decay: 0 },
  loud: { wave_type: 2, sound_vol: 0.8, p_env_punch: 0.5 },
};
for (const [name, values] of Object.entries(EFFECTS)) cases[name] = set(values);

const NOISES = {
  noise: {},
  noise_high: { p_base_freq: 0.9 },
  noise_slide: { p_base_freq: 0.6, p_freq_ramp: -0.3 },
  noise_vibrato: { p_vib_strength: 0.6, p_vib_speed: 0.4 },
  noise_lowpass: { p_lpf_freq: 0.4, p_lpf_resonance: 0.5 },
  noise_lowpass_ramp: { p_lpf_freq: 0.3, p_lpf_ramp: 0.3 },
  noise_highpass_ramp: { p_hpf_freq: 0.2, p_hpf_ramp: 0.3 },
  noise_flanger: { p_pha_offset: 0.5, p_pha_ramp: -0.1 },
  noise_repeat: { p_repeat_speed: 0.5, p_freq_ramp: 0.3 },
  noise_punch: { p_env_punch: 0.6 },
};
for (const [name, values] of Object.entries(NOISES)) cases[name] = set({ wave_type: 3, ...values });

// DrPetter's format, versions 100 to 102; sfxr has no duty in its sawtooth, and squares what jsfxr's generators negate.
function sfs(params, version) {
  const parts = [];
  const int = (value) => { const bytes = Buffer.alloc(4); bytes.writeInt32LE(value); parts.push(bytes); };
  const floats = (...values) => values.forEach((value) => {
    const bytes = Buffer.alloc(4);
    bytes.writeFloatLE(value);
    parts.push(bytes);
  });
  const p = params;
  int(version);
  int(p.wave_type);
  if (version >= 102) floats(p.sound_vol);
  floats(p.p_base_freq, p.p_freq_limit, p.p_freq_ramp);
  if (version >= 101) floats(p.p_freq_dramp);
  floats(p.p_duty, p.p_duty_ramp, p.p_vib_strength, p.p_vib_speed, 0);
  floats(p.p_env_attack, p.p_env_sustain, p.p_env_decay, p.p_env_punch);
  parts.push(Buffer.from([0]));
  floats(p.p_lpf_resonance, p.p_lpf_freq, p.p_lpf_ramp, p.p_hpf_freq, p.p_hpf_ramp);
  floats(p.p_pha_offset, p.p_pha_ramp, p.p_repeat_speed);
  if (version >= 101) floats(p.p_arp_speed, p.p_arp_mod);
  return Buffer.concat(parts).toString("hex");
}

// |X[k]|² for k below size / 2, by Cooley and Tukey's radix-2 FFT.
function powers(samples, size) {
  const re = new Float64Array(size);
  const im = new Float64Array(size);
  const bits = Math.log2(size);
  for (let i = 0; i < samples.length; i++) {
    let at = 0;
    for (let bit = 0; bit < bits; bit++) at |= ((i >> bit) & 1) << (bits - 1 - bit);
    re[at] = samples[i];
  }
  for (let half = 1; half < size; half *= 2) {
    for (let k = 0; k < half; k++) {
      const [c, s] = [Math.cos((Math.PI * k) / half), -Math.sin((Math.PI * k) / half)];
      for (let a = k; a < size; a += 2 * half) {
        const b = a + half;
        const [x, y] = [re[b] * c - im[b] * s, re[b] * s + im[b] * c];
        [re[b], im[b]] = [re[a] - x, im[a] - y];
        [re[a], im[a]] = [re[a] + x, im[a] + y];
      }
    }
  }
  return Float64Array.from({ length: size / 2 }, (_, k) => re[k] ** 2 + im[k] ** 2);
}

function clipped(value) {
  return Math.min(Math.max(value, -1), 1);
}

function rounded(values) {
  return Array.from(values, (value) => Number(value.toPrecision(5)));
}

// The mean power in windows of 20 ms, and in third-octave bands n (around 1000 * 2 ** (n / 3) Hz, n from -10 to 12).
function statistics(params) {
  const windows = [];
  const bands = new Array(23).fill(0);
  for (let run = 0; run < RENDERS; run++) {
    seed(run);
    const samples = new SoundEffect(params).getRawBuffer().normalized.map((value) => (value === value ? clipped(value) : 0));
    samples.forEach((value, i) => {
      const at = Math.floor(i / WINDOW);
      windows[at] = (windows[at] ?? 0) + value ** 2 / RENDERS / WINDOW;
    });
    const size = 2 ** Math.ceil(Math.log2(samples.length));
    powers(samples, size).forEach((power, k) => {
      const band = Math.round(3 * Math.log2((k * RATE) / size / 1000));
      if (band >= -10 && band <= 12) bands[band + 10] += power / RENDERS / size;
    });
  }
  return { windows: rounded(windows), bands: rounded(bands) };
}

const golden = { jsfxr: "1.4.1", cases: [] };
const blocks = [];
for (const [name, params] of Object.entries(cases)) {
  params.sample_size = 16;
  const link = params.toB58();
  const entry = { name, params: { ...params }, link, read: Object.values(sfxr.b58decode(link)) };
  const versions = golden.cases.length % 10 ? [102] : [100, 101, 102];
  entry.sfs = Object.fromEntries(versions.map((version) => [version, sfs(params, version)]));
  seed(1);
  const bytes = Buffer.from(new SoundEffect(params).getRawBuffer().buffer.map((value) => value & 0xff));
  entry.frames = bytes.length / 2;
  if (params.wave_type === 3) Object.assign(entry, statistics(params));
  else blocks.push(bytes.subarray(0, 2 * KEPT));
  golden.cases.push(entry);
}
writeFileSync(join(home, "golden.json"), `{"jsfxr": "${golden.jsfxr}", "cases": [\n${golden.cases.map((c) => JSON.stringify(c)).join(",\n")}\n]}\n`);
writeFileSync(join(home, "golden.deflate"), deflateRawSync(Buffer.concat(blocks), { level: 9 }));
