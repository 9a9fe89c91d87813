// Watches a sensor on pin A0, and says when what it reads is unusual.
//
// The model is yours: vapo-train export --c runs/series/model.vapo --name machine --energies --out Monitor

#include "machine.h"
#include <vapo.h>

static unsigned char arena[MACHINE_MONITOR_BYTES];
static VapoMonitor *monitor;

static bool failed(VapoResult result) {
  if (result != VAPO_RESULT_OK) Serial.println(vapo_error_text(result));
  return result != VAPO_RESULT_OK;
}

void setup() {
  Serial.begin(115200);
  // A verdict every 8 readings.
  while (failed(vapo_monitor_init(machine_model, sizeof machine_model, 8, arena, sizeof arena, &monitor))) delay(1000);
}

void loop() {
  float reading[MACHINE_CHANNELS];
  for (int channel = 0; channel < MACHINE_CHANNELS; channel++) reading[channel] = analogRead(A0 + channel);
  VapoVerdict verdict;
  bool judged;
  if (!failed(vapo_monitor_push(monitor, reading, MACHINE_CHANNELS, &verdict, &judged)) && judged && verdict.anomalous) {
    Serial.print("unusual, energy ");
    Serial.println(verdict.energy);
  }
  delay(10);
}
