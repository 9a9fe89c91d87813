/** The worker's calls, as promises. */

import type { Classified, Info, Settings, Step, Verdict } from "../vapo.js";

/** Settings as a message carries them. */
type Sent = Omit<Settings, "onStep">;

/** Opens a model of images, in place of the one before. */
export function ask(call: "open", asked: { file: BufferSource }): Promise<Info>;
/** Draws a sample. `onStep` is told its steps. `lines` are those of a board, `checksum` is CRC-32 of the image. */
export function ask(
  call: "sample",
  asked: { settings: Sent },
  onStep?: (step: Step) => void,
): Promise<{ image: Float32Array; lines: string[]; checksum: string }>;
/** Restores what is missing of an image. */
export function ask(
  call: "restore",
  asked: { image: ArrayLike<number>; known: ArrayLike<number | boolean>; settings: Sent },
): Promise<Float32Array>;
/** Judges an image. */
export function ask(
  call: "judge",
  asked: { image: ArrayLike<number> },
): Promise<{ energy: number; found: Classified | null; verdict: Verdict | null }>;
/** The energy of a sample of the model's own. */
export function ask(call: "own", asked: { seed: number | bigint }): Promise<number>;

/** A task that is run again after it ends, once, if it was asked for meanwhile. */
export function latest(task: () => Promise<void>): () => Promise<void>;
