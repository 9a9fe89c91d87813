/** The sampler of VAPO: models in, images out. The bytes are those of a board and of `vapo-train sample`. */

/** Names of the solvers. */
export type Solver = "euler" | "heun" | "ab2" | "etd2";

/** All solvers. */
export const SOLVERS: readonly Solver[];

/** Something that was asked for and is refused: what was expected, what was found, what to do. */
/** Its `cause` is the error that it came from, where there was one. */
export class VapoError extends Error {
  readonly name: "VapoError";
}

/** Where a sample stands before a step. */
export interface Step {
  /** Number of the step, from 0. */
  index: number;
  /** Number of all steps. */
  steps: number;
  /** Time, from 0 (noise) to below 1 (data). */
  time: number;
  /** The sample so far: at time 0 it is noise. */
  x: Float32Array;
  /** The image that the potential predicts from there. */
  predicted: Float32Array;
  /** CRC-32 of the drift's bytes, which a board prints. */
  driftChecksum: number;
}

/** How a sample is drawn. The same settings give the same bytes everywhere. */
export interface Settings {
  /** Decides the noise: a whole number from 0 to 2^64 - 1, above 2^53 as a BigInt. 0 if not said. */
  seed?: number | bigint;
  /** Steps from noise to sample, 1 to 65535. 20 if not said. */
  steps?: number;
  /** `etd2` if not said. */
  solver?: Solver;
  /** How much noise is added on the way, at least 0. See {@link usualTemperature} for what it is if not said. */
  temperature?: number;
  /** The class that is asked for, from 0. Whatever class if not said. */
  class?: number | null;
  /** How far the sample is led to its class, at two evaluations for one. 0, not at all, if not said. */
  guidance?: number;
  /** Below 1 steps are longest near the data. 0.5 if not said. A board calls it `exponent`. */
  grading?: number;
  /** How far `etd2` extrapolates the predicted image, at least 0. 1.25 if not said. */
  extrapolation?: number;
  /** Is told each step before it is taken. It must not use the model. */
  onStep?: (step: Step) => void;
}

/** What a model is of. */
export interface Info {
  /** Rows of an image; 1 of a series. */
  readonly height: number;
  readonly width: number;
  /** Numbers of a pixel. */
  readonly channels: number;
  /** Numbers of an image: height · width · channels. */
  readonly elements: number;
  /** Classes that can be asked for; 0 where there are none. */
  readonly classes: number;
  readonly hasThreshold: boolean;
  readonly hasClassifier: boolean;
  readonly arithmetic: "integer" | "float";
  /** 8, 6 or 4; 32 of floats. */
  readonly weightBits: number;
  /** Bytes that the sampler works in. */
  readonly arenaBytes: number;
  readonly fileBytes: number;
  readonly nodes: number;
  readonly parameters: number;
}

/** What a threshold says of an image. */
export interface Verdict {
  energy: number;
  anomalous: boolean;
}

/** The class of an image, by its energies. */
export interface Classified {
  class: number;
  energy: number;
  /** How much more the next best class has: the larger, the surer. */
  margin: number;
}

/** A model. Images are `height · width · channels` finite numbers, about -1 to 1, row by row, channels last. */
export class Model {
  private constructor();
  readonly info: Info;
  /** Draws a sample. @throws {VapoError} */
  sample(settings?: Settings): Float32Array;
  /**
   * Restores what is missing of an image.
   * @param image What is known of it. The rest is not looked at.
   * @param known Where it is known, a mark a number.
   * @throws {VapoError}
   */
  restore(image: ArrayLike<number>, known: ArrayLike<number | boolean>, settings?: Settings): Float32Array;
  /**
   * How unusual an image is: the higher, the more. Minus the logarithm of a density, up to a constant.
   * @param about The time that is judged at, 0.5 if not said; the class, whatever class if not said; `noisy` for a sample that has the
   *   noise of that time.
   * @throws {VapoError}
   */
  energy(image: ArrayLike<number>, about?: { time?: number; class?: number | null; noisy?: boolean }): number;
  /** What the model's threshold says of an image; `null` where it has none. @throws {VapoError} */
  verdict(image: ArrayLike<number>): Verdict | null;
  /** The class of an image, by the model's classifier; `null` where it has none. @throws {VapoError} */
  classify(image: ArrayLike<number>): Classified | null;
}

/** The module. Opens models, each in memory of its own, which goes when the model does. */
export class Vapo {
  /** @throws {VapoError} */
  constructor(module: WebAssembly.Module);
  /** Checks a model's file and plans its memory. @throws {VapoError} */
  open(file: BufferSource): Promise<Model>;
}

/** Loads the WebAssembly module: from beside this file, if not said otherwise. @throws {VapoError} */
export function load(
  source?: BufferSource | WebAssembly.Module | URL | string | Response | Promise<Response>,
): Promise<Vapo>;

/**
 * Settings with all that is usual filled in, but for the temperature. Only a model knows whether it has the class.
 * @throws {VapoError}
 */
export function settled(settings?: Settings): Settings & { seed: bigint } & Required<
  Pick<Settings, "steps" | "solver" | "guidance" | "grading" | "extrapolation">
>;

/** The temperature that a solver draws at, or restores at, where none is given. @throws {VapoError} */
export function usualTemperature(solver: Solver, about?: { restoring?: boolean }): number;

/** The eight hexadecimal digits of each number's bits, as a board prints them. @throws {VapoError} */
export function hexadecimal(values: ArrayLike<number>): string;

/** CRC-32 of the bytes of an image, as eight hexadecimal digits. @throws {VapoError} */
export function checksum(values: ArrayLike<number>): string;
