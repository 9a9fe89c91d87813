/** What an emulated board prints for a request, from the model in the browser: the same lines, to the digit. */

import type { Model, Settings } from "./vapo.js";

/** A board's request for these settings. A board reads no negative number and at most 7 digits. @throws {VapoError} */
export function request(settings: Settings): string;

/** The command that draws the same on a computer, from the model's file of that name. @throws {VapoError} */
export function command(settings: Settings, model: string): string;

/** Draws a sample, and says what a board says of it: everything but what it took. @throws {VapoError} */
export function answer(model: Model, settings: Settings): { image: Float32Array; lines: string[] };

/** The lines on a sample itself. @throws {VapoError} */
export function judged(model: Model, image: Float32Array, of?: number | null): string[];
