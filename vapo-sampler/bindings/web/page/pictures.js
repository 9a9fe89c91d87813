// Images on canvases. A canvas has a pixel for each of the image's; the style sheet makes it larger.

/** Levels of a byte, from -1, black, to 1, white. */
const level = (value) => Math.round(127.5 + 127.5 * Math.min(1, Math.max(-1, value)));

/** Shows an image. `shade` says of a pixel by its number how much of it is shown, from 0 to 1. */
export function show(canvas, image, { height, width, channels }, shade = () => 1) {
  canvas.width = width;
  canvas.height = height;
  const pixels = new ImageData(width, height);
  for (let pixel = 0; pixel < width * height; pixel++) {
    const values = [0, 1, 2].map((colour) => image[pixel * channels + (channels === 3 ? colour : 0)]);
    pixels.data.set([...values.map(level), Math.round(255 * shade(pixel))], 4 * pixel);
  }
  canvas.getContext("2d").putImageData(pixels, 0, 0);
}
