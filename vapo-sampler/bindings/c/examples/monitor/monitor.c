/* Watches a series: readings from the standard input, one a line with a number a channel, and a line for each verdict. The threshold is
 * learned from the first windows, which are normal.
 *
 * The model is yours: vapo-train export --c runs/series/model.vapo --name machine --out . */

#include "machine.h"
#include "vapo.h"
#include <math.h>
#include <stdio.h>

/* Windows that the threshold is learned from, and the part of normal windows that may be called anomalies. */
#ifndef LEARNED
#define LEARNED 100
#endif
#define RATE 0.01f
/* Readings from one verdict to the next. */
#ifndef STRIDE
#define STRIDE 8
#endif

static unsigned char arena[MACHINE_MONITOR_BYTES];
/* What vapo_learner_bytes says of 100 windows at this rate is 64. */
static unsigned char learning[128];

/* Says why, and ends with status 1. */
static int refuse(VapoResult result)
{
    fprintf(stderr, "%s\n", vapo_error_text(result));
    return 1;
}

int main(void)
{
    float reading[MACHINE_CHANNELS], threshold = NAN;
    int channel = 0, windows = 0;
    long count = 0;
    VapoMonitor *monitor;
    VapoLearner *learner;
    VapoResult result = vapo_monitor_init(machine_model, sizeof machine_model, STRIDE, arena, sizeof arena, &monitor);

    if (result == VAPO_RESULT_OK) {
        result = vapo_learner_init(RATE, learning, sizeof learning, &learner);
    }
    if (result == VAPO_RESULT_OK) {
        /* None until it is learned, whatever the model says. */
        result = vapo_monitor_set_threshold(monitor, NAN);
    }
    if (result != VAPO_RESULT_OK) {
        return refuse(result);
    }
    while (scanf("%f", &reading[channel]) == 1) {
        VapoVerdict verdict;
        bool judged;
        if (++channel < MACHINE_CHANNELS) {
            continue;
        }
        channel = 0;
        result = vapo_monitor_push(monitor, reading, MACHINE_CHANNELS, &verdict, &judged);
        if (result != VAPO_RESULT_OK) {
            return refuse(result);
        }
        if (judged && windows < LEARNED) {
            result = vapo_learner_push(learner, verdict.energy);
            if (result == VAPO_RESULT_OK) {
                result = vapo_learner_threshold(learner, &threshold);
            }
            if (result == VAPO_RESULT_OK && ++windows == LEARNED) {
                result = vapo_monitor_set_threshold(monitor, threshold);
            }
            if (result != VAPO_RESULT_OK) {
                return refuse(result);
            }
        }
        if (judged) {
            /* Of nine digits, so that another text is another number. */
            printf("%ld %.9g %s\n", count, (double)verdict.energy, verdict.anomalous ? "anomaly" : "normal");
        }
        count++;
    }
    return 0;
}
