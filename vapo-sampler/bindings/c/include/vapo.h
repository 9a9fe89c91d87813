/* Samples a variational potential flow: no heap, no global, and no call that does not return.
 *
 * Generated from the sources by cbindgen: change those, not this.
 *
 * A model is what `vapo-train export --c` writes: an array, and the bytes of memory, the arena, that it takes. All state lies in the
 * arena. What a caller can do wrong is a VapoResult; what no function can see is a pointer that leads nowhere or to fewer bytes than
 * were said, an arena that others write to, and two threads that use the same sampler at once.
 */

#ifndef VAPO_H
#define VAPO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
/* Bytes of an arena for a model of so many nodes that takes so many elements: what vapo_arena_bytes says, as a constant. */
#define VAPO_BYTES(nodes, elements) (VAPO_STATE_BYTES + VAPO_NODE_BYTES * (nodes) + 4 * (elements))

/* Lets a model lie where processors read it fastest. None needs it. */
#if defined(__GNUC__)
#define VAPO_ALIGNED __attribute__((aligned(8)))
#else
#define VAPO_ALIGNED
#endif

/* A condition that the compiler checks, in whatever standard of C or C++. */
#if defined(__cplusplus) && __cplusplus >= 201103L
#define VAPO_STATIC_ASSERT(name, condition, text) static_assert(condition, text)
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
#define VAPO_STATIC_ASSERT(name, condition, text) _Static_assert(condition, text)
#else
#define VAPO_STATIC_ASSERT(name, condition, text) typedef char name[(condition) ? 1 : -1]
#endif

/**
 * Plan for samples, for drifts, and for a monitor that explains.
 */
#define VAPO_PURPOSE_SAMPLE 0

/**
 * Plan for energies alone: a monitor that does not explain takes less memory.
 */
#define VAPO_PURPOSE_MONITOR 1

/**
 * Version of the plans that this library reads. A model that was exported with another is refused.
 */
#define VAPO_PLAN_VERSION 1

/**
 * Stands for any class.
 */
#define VAPO_ANY_CLASS -1

/**
 * Stands for the default temperature of the settings' solver, for drawing or for restoring.
 */
#define VAPO_USUAL_TEMPERATURE -1.0

/**
 * Euler-Maruyama: as many evaluations as steps.
 */
#define VAPO_SOLVER_EULER 0

/**
 * Heun: twice as many evaluations as steps, less one.
 */
#define VAPO_SOLVER_HEUN 1

/**
 * Two-step Adams-Bashforth: as many evaluations as steps.
 */
#define VAPO_SOLVER_AB2 2

/**
 * Two-step exponential time differencing: as many evaluations as steps. The default.
 */
#define VAPO_SOLVER_ETD2 3

/**
 * Bytes that a state and a model take at most on any processor, alignment included.
 */
#define VAPO_STATE_BYTES 512

/**
 * Bytes that each node of a model takes in addition.
 */
#define VAPO_NODE_BYTES 68

/**
 * The result of a call. Unless it is VAPO_RESULT_OK, nothing was computed, but outputs may have been written to.
 */
enum VapoResult
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * It was done.
   */
  VAPO_RESULT_OK = 0,
  /**
   * A pointer is null.
   */
  VAPO_RESULT_NULL = 1,
  /**
   * A pointer is not aligned: to 4 bytes for float.
   */
  VAPO_RESULT_ALIGNMENT = 2,
  /**
   * Two pieces of memory share bytes, or one is inside the memory that was lent.
   */
  VAPO_RESULT_OVERLAP = 3,
  /**
   * The memory at the pointer was not initialised, or was moved since.
   */
  VAPO_RESULT_STATE = 4,
  /**
   * There is no plan in front of the model's file.
   */
  VAPO_RESULT_UNPLANNED = 5,
  /**
   * The bytes are no model, or are damaged.
   */
  VAPO_RESULT_MODEL = 6,
  /**
   * The plan is damaged, another model's, of another version, or of energies alone where a drift is asked for.
   */
  VAPO_RESULT_PLAN = 7,
  /**
   * This library was built without the model's arithmetic, or without weights of fewer than 8 bits.
   */
  VAPO_RESULT_SUPPORT = 8,
  /**
   * The memory lent is smaller than what is needed.
   */
  VAPO_RESULT_ARENA = 9,
  /**
   * A number of elements is not that of the model's samples, or of a reading.
   */
  VAPO_RESULT_LENGTH = 10,
  /**
   * The model has no such class.
   */
  VAPO_RESULT_CLASS = 11,
  /**
   * Guidance is infinite or not a number, or there is no class for it.
   */
  VAPO_RESULT_GUIDANCE = 12,
  /**
   * The temperature is negative, infinite or not a number.
   */
  VAPO_RESULT_TEMPERATURE = 13,
  /**
   * There is no such solver.
   */
  VAPO_RESULT_SOLVER = 14,
  /**
   * There are 0 steps, or an exponent or an extrapolation is out of range.
   */
  VAPO_RESULT_SCHEDULE = 15,
  /**
   * A monitor takes a model of a series, of height 1.
   */
  VAPO_RESULT_SERIES = 16,
  /**
   * The stride of a monitor is 0.
   */
  VAPO_RESULT_STRIDE = 17,
  /**
   * The model has no anomaly threshold, or the learner has none yet.
   */
  VAPO_RESULT_THRESHOLD = 18,
  /**
   * The model has no classifier.
   */
  VAPO_RESULT_CLASSIFIER = 19,
  /**
   * There is no energy at this time: at time 1 of the linear homotopy.
   */
  VAPO_RESULT_ENERGY = 20,
  /**
   * There is no verdict to explain.
   */
  VAPO_RESULT_VERDICT = 21,
  /**
   * A rate is not above 0 and below 1.
   */
  VAPO_RESULT_RATE = 22,
  /**
   * There is no room for the energies of so many windows at this rate.
   */
  VAPO_RESULT_ROOM = 23,
  /**
   * There is no sample to continue: none was begun, or another function was called with the sampler since.
   */
  VAPO_RESULT_SAMPLE = 24,
  /**
   * A time is not from 0 to 1.
   */
  VAPO_RESULT_TIME = 25,
  /**
   * A number that was given is infinite or not a number, or far beyond -1 to 1.
   */
  VAPO_RESULT_NUMBER = 26,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum VapoResult VapoResult;
#else
typedef int32_t VapoResult;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Learns the threshold above which a window is an anomaly. It is in memory that the caller lends.
 */
typedef struct VapoLearner VapoLearner;

/**
 * Judges the last readings of a series. It is in memory that the caller lends.
 */
typedef struct VapoMonitor VapoMonitor;

/**
 * Draws samples of a model and judges them. It is in memory that the caller lends.
 */
typedef struct VapoSampler VapoSampler;

/**
 * The shape and the classes of a model.
 */
typedef struct VapoInfo {
  /**
   * Numbers of a sample: height times width times channels, a row after another, channels last.
   */
  size_t elements;
  /**
   * Rows of a sample; 1 for a series.
   */
  uint16_t height;
  /**
   * Columns of a sample, or readings of a window.
   */
  uint16_t width;
  /**
   * Numbers of a pixel or of a reading.
   */
  uint16_t channels;
  /**
   * Number of classes, which are counted from 0; 0 if there are none.
   */
  uint16_t classes;
  /**
   * Whether the model has an anomaly threshold.
   */
  bool has_threshold;
  /**
   * Whether the model has a classifier.
   */
  bool has_classifier;
} VapoInfo;

/**
 * The verdict of a threshold on a sample, or on a window of a series.
 */
typedef struct VapoVerdict {
  /**
   * Its energy: the higher, the more unusual.
   */
  float energy;
  /**
   * Whether it is above the threshold, or not a number.
   */
  bool anomalous;
} VapoVerdict;

/**
 * The readings and the channel of an anomaly that differ most from what the model expects.
 */
typedef struct VapoExplanation {
  /**
   * The channel, from 0.
   */
  size_t channel;
  /**
   * First of the readings, from 0, the window's oldest.
   */
  size_t from;
  /**
   * The reading after the last.
   */
  size_t to;
  /**
   * What the model would add to these readings on average, in their own unit.
   */
  float change;
  /**
   * Their share of the model's whole correction of the window, from 0 to 1.
   */
  float share;
} VapoExplanation;

/**
 * How a sample is drawn. `vapo_settings` gives the defaults; change them as you like.
 */
typedef struct VapoSettings {
  /**
   * Decides the noise: the same seed gives the same sample.
   */
  uint64_t seed;
  /**
   * Steps from noise to sample, at least 1. More steps cost more and draw better, up to about 20.
   */
  uint16_t steps;
  /**
   * One of the solvers `VAPO_SOLVER_...`.
   */
  uint32_t solver;
  /**
   * Below 1 the steps are longest near the data, above 1 shortest.
   */
  float exponent;
  /**
   * How far ETD2 extrapolates the predicted image: 1 is the second order, 0 is not at all.
   */
  float extrapolation;
  /**
   * How much noise is added while sampling, at least 0; or VAPO_USUAL_TEMPERATURE.
   */
  float temperature;
  /**
   * The class to draw, from 0, or VAPO_ANY_CLASS.
   */
  int32_t class_index;
  /**
   * How strongly the sample is pushed towards its class: 0 is not at all. Other values take two evaluations in place of one.
   */
  float guidance;
} VapoSettings;

/**
 * The class of a sample, by its energies.
 */
typedef struct VapoClass {
  /**
   * The class, from 0.
   */
  uint16_t class_index;
  /**
   * Its energy.
   */
  float energy;
  /**
   * The energy of the next best class minus this one: the larger, the surer.
   */
  float margin;
} VapoClass;

/**
 * The progress of a sample: parts that are done, and parts that it takes in all. A part is a layer, forward or in reverse, or
 * drawing or moving 16 elements. The sample is finished when both numbers are equal.
 */
typedef struct VapoProgress {
  /**
   * Parts that are done.
   */
  uint32_t done;
  /**
   * Parts that the sample takes.
   */
  uint32_t all;
} VapoProgress;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Bytes that a learner of up to `windows` energies takes. The rate is the share of normal windows that may be called
 * anomalies.
 */
size_t vapo_learner_bytes(float rate, uint32_t windows);

/**
 * Makes a learner in memory of so many bytes, and sets `learner` to it. The memory must stay where it is.
 */
VapoResult vapo_learner_init(float rate, uint8_t *memory, size_t memory_bytes, struct VapoLearner **learner);

/**
 * Takes the energy of a normal window. An energy that is not finite is left out.
 */
VapoResult vapo_learner_push(struct VapoLearner *learner, float energy);

/**
 * Sets `energy` to the threshold: the lowest of the energies taken that at most the rate's share of them exceeds. Before the
 * first energy there is none: VAPO_RESULT_THRESHOLD.
 */
VapoResult vapo_learner_threshold(struct VapoLearner *learner,
                                  float *energy);

/**
 * Sets `info` to the shape and the classes of the model in `model_bytes` bytes.
 */
VapoResult vapo_info(const uint8_t *model, size_t model_bytes, struct VapoInfo *info);

/**
 * Sets `needed` to the bytes that vapo_init takes for this model: the same on every processor, and wherever the memory begins.
 */
VapoResult vapo_arena_bytes(const uint8_t *model,
                            size_t model_bytes,
                            size_t *needed);

/**
 * Sets `needed` to the bytes that vapo_monitor_init takes for this model.
 */
VapoResult vapo_monitor_bytes(const uint8_t *model, size_t model_bytes, size_t *needed);

/**
 * Makes a monitor of a model of a series in memory of `arena_bytes` bytes, of which it takes what vapo_monitor_bytes says, and sets
 * `monitor` to it. It gives a verdict every `stride` readings. Model and arena are as for vapo_init.
 */
VapoResult vapo_monitor_init(const uint8_t *model,
                             size_t model_bytes,
                             uint16_t stride,
                             uint8_t *arena,
                             size_t arena_bytes,
                             struct VapoMonitor **monitor);

/**
 * Takes the next reading, `channels` numbers as the sensor gives them. Sets `judged` to whether a verdict was due. If so, sets
 * `verdict` to it. A reading with a number that is not finite is a gap: a new window begins after it.
 */
VapoResult vapo_monitor_push(struct VapoMonitor *monitor,
                             const float *reading,
                             size_t channels,
                             struct VapoVerdict *verdict,
                             bool *judged);

/**
 * Says of the window that a verdict was just given on which eighth of which channel the model would change most: sets `explanation` to
 * it, and `correction` to what it would add to each number of the window, channels last: `count` numbers. It takes a model that
 * was planned for samples, not for energies alone.
 */
VapoResult vapo_monitor_explain(struct VapoMonitor *monitor,
                                float *correction,
                                size_t count,
                                struct VapoExplanation *explanation);

/**
 * Replaces the energy above which a window is an anomaly. If it is not a number, a window is an anomaly only if its energy is
 * not a number.
 */
VapoResult vapo_monitor_set_threshold(struct VapoMonitor *monitor,
                                      float energy);

/**
 * Sets `gaps` to the number of readings that were gaps.
 */
VapoResult vapo_monitor_gaps(struct VapoMonitor *monitor, uint32_t *gaps);

/**
 * Puts a plan before a model's file, as `vapo-train export --c` does: sets `planned` to both, and `planned_bytes` to their number. Where
 * `capacity` is less, it sets the number alone, and the result is VAPO_RESULT_ARENA.
 *
 * This is for programs that read model files themselves, on a computer for instance. It takes up to 256 KB of stack, where no other
 * function takes more than 8 KB; programs that do not call it do not link what it is made of.
 */
VapoResult vapo_plan(const uint8_t *file,
                     size_t file_bytes,
                     uint32_t purpose,
                     uint8_t *planned,
                     size_t capacity,
                     size_t *planned_bytes);

/**
 * A sentence about a result, in English, for a log. It is never null, and stays valid for ever.
 */
const char *vapo_error_text(int32_t result);

/**
 * Makes a sampler of a model in memory of `arena_bytes` bytes, of which it takes what vapo_arena_bytes says, and sets `sampler` to it.
 *
 * The model is what `vapo-train export --c` or vapo_plan made: a plan and the model's file. It is checked here, and stays in use: both
 * model and arena must stay where they are, and as they are, as long as the sampler is used. They need no alignment.
 */
VapoResult vapo_init(const uint8_t *model,
                     size_t model_bytes,
                     uint8_t *arena,
                     size_t arena_bytes,
                     struct VapoSampler **sampler);

/**
 * Draws a sample: sets `image` to `count` numbers, about -1 to 1, not clamped.
 */
VapoResult vapo_sample(struct VapoSampler *sampler, const struct VapoSettings *settings, float *image, size_t count);

/**
 * Restores the missing part of a sample: sets `image` to `count` numbers. Where `known` is not 0, they are the numbers of
 * `given`. The other numbers of `given` are ignored.
 */
VapoResult vapo_inpaint(struct VapoSampler *sampler,
                        const struct VapoSettings *settings,
                        const float *given,
                        const uint8_t *known,
                        float *image,
                        size_t count);

/**
 * Sets `drift` to the gradient of the potential at `x` and a time from 0 to 1, for a class or VAPO_ANY_CLASS, and `potential`, which
 * may be null, to the potential itself. `x` and `drift` are of `count` numbers.
 */
VapoResult vapo_drift(struct VapoSampler *sampler,
                      const float *x,
                      float time,
                      int32_t class_index,
                      float *drift,
                      size_t count,
                      float *potential);

/**
 * Sets `energy` to minus the logarithm of the density of `x` at a time, up to a number that depends on time alone, for a class or
 * VAPO_ANY_CLASS. `x` is of `count` numbers, a sample with noise as there is at that time.
 */
VapoResult vapo_energy(struct VapoSampler *sampler,
                       const float *x,
                       size_t count,
                       float time,
                       int32_t class_index,
                       float *energy);

/**
 * Sets `energy` to that of an image without noise, at the point of its path from noise to data at a time. Verdicts use this
 * energy.
 */
VapoResult vapo_image_energy(struct VapoSampler *sampler,
                             const float *image,
                             size_t count,
                             float time,
                             int32_t class_index,
                             float *energy);

/**
 * Sets `verdict` to the verdict of the model's threshold on an image of `count` numbers, of any class.
 */
VapoResult vapo_verdict(struct VapoSampler *sampler, const float *image, size_t count, struct VapoVerdict *verdict);

/**
 * Sets `found` to the class of an image of `count` numbers, by the model's classifier.
 */
VapoResult vapo_classify(struct VapoSampler *sampler, const float *image, size_t count, struct VapoClass *found);

/**
 * The default settings for so many steps, with seed 0.
 */
struct VapoSettings vapo_settings(uint16_t steps);

/**
 * Begins what vapo_sample does, and leaves all of the work to vapo_step.
 *
 * `image` must stay where it is until the sample is finished. Any other call with the sampler before that, refused or not,
 * ends the sample.
 */
VapoResult vapo_begin(struct VapoSampler *sampler,
                      const struct VapoSettings *settings,
                      float *image,
                      size_t count);

/**
 * Begins what vapo_inpaint does, and leaves all of the work to vapo_step.
 *
 * `given`, `known` and `image` must stay where they are until the sample is finished, and the first two must not change. Any
 * other call with the sampler before that, refused or not, ends the sample.
 */
VapoResult vapo_begin_inpaint(struct VapoSampler *sampler,
                              const struct VapoSettings *settings,
                              const float *given,
                              const uint8_t *known,
                              float *image,
                              size_t count);

/**
 * Continues the sample that was begun last, by up to `parts` parts, at least 1, and sets `progress`. One call computes no more
 * than one drift, with guidance two, or moves the elements by it. If the sample is finished, it does nothing.
 */
VapoResult vapo_step(struct VapoSampler *sampler,
                     uint32_t parts,
                     struct VapoProgress *progress);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* VAPO_H */
