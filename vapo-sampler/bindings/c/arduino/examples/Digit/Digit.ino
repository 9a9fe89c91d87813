// Draws a digit of each class, in turn, on the serial port.

#include "digits.h"
#include <vapo.h>

static unsigned char arena[DIGITS_ARENA_BYTES];
static float image[DIGITS_ELEMENTS];
static VapoSampler *sampler;
static VapoSettings settings;

static bool failed(VapoResult result) {
  if (result != VAPO_RESULT_OK) Serial.println(vapo_error_text(result));
  return result != VAPO_RESULT_OK;
}

void setup() {
  Serial.begin(115200);
  while (failed(vapo_init(digits_model, sizeof digits_model, arena, sizeof arena, &sampler))) delay(1000);
  settings = vapo_settings(10);
}

void loop() {
  settings.class_index = settings.seed % DIGITS_CLASSES;
  if (!failed(vapo_sample(sampler, &settings, image, DIGITS_ELEMENTS))) {
    for (int row = 0; row < DIGITS_HEIGHT; row++) {
      for (int column = 0; column < DIGITS_WIDTH; column++) {
        float value = image[DIGITS_WIDTH * row + column];
        Serial.print(value > 0.5f ? "##" : value > -0.2f ? "++" : value > -0.7f ? ".." : "  ");
      }
      Serial.println("");
    }
  }
  Serial.println("");
  settings.seed++;
  delay(1000);
}
