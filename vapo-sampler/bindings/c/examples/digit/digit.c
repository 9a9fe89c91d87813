/* Draws a digit of each class, judges it, and prints every bit. The same program for a computer and for a board without an operating
 * system: `print` is all that it needs of either. */

#include "digit.h"
#include "digits.h"
#include "vapo.h"

/* All memory that the sampler works in, and one image. */
static unsigned char arena[DIGITS_ARENA_BYTES];
static float image[DIGITS_ELEMENTS];

/* A number as eight hexadecimal digits of its bits. */
static void print_bits(float value)
{
    union {
        float value;
        uint32_t bits;
    } number;
    char text[10];
    int digit;
    number.value = value;
    text[0] = ' ';
    for (digit = 0; digit < 8; digit++) {
        text[1 + digit] = "0123456789abcdef"[number.bits >> (28 - 4 * digit) & 15];
    }
    text[9] = 0;
    print(text);
}

/* The image in characters. */
static void print_picture(void)
{
    int row, column;
    for (row = 0; row < DIGITS_HEIGHT; row++) {
        for (column = 0; column < DIGITS_WIDTH; column++) {
            float value = image[DIGITS_WIDTH * row + column];
            print(value > 0.5f ? "##" : value > -0.2f ? "++" : value > -0.7f ? ".." : "  ");
        }
        print("\n");
    }
}

/* Fills the image: in one call or, where PARTS is defined, some layers a call. */
static VapoResult fill(VapoSampler *sampler, const VapoSettings *settings)
{
#ifdef PARTS
    VapoProgress progress = {0, 1};
    VapoResult result = vapo_begin(sampler, settings, image, DIGITS_ELEMENTS);
    while (result == VAPO_RESULT_OK && progress.done < progress.all) {
        /* Here a program does what else it has to. */
        result = vapo_step(sampler, PARTS, &progress);
    }
    return result;
#else
    return vapo_sample(sampler, settings, image, DIGITS_ELEMENTS);
#endif
}

static VapoResult draw(VapoSampler *sampler, int32_t class_index)
{
    VapoSettings settings = vapo_settings(10);
    VapoClass found;
    VapoResult result;
    float energy;
    size_t i;
    char digit[2] = {0, 0};

    settings.seed = (uint64_t)class_index;
    settings.class_index = class_index;
    result = fill(sampler, &settings);
    if (result != VAPO_RESULT_OK) {
        return result;
    }
    result = vapo_image_energy(sampler, image, DIGITS_ELEMENTS, 0.5f, VAPO_ANY_CLASS, &energy);
    if (result != VAPO_RESULT_OK) {
        return result;
    }
    print("sample");
    for (i = 0; i < DIGITS_ELEMENTS; i++) {
        print_bits(image[i]);
    }
    print("\nenergy");
    print_bits(energy);
    print("\n");
    result = vapo_classify(sampler, image, DIGITS_ELEMENTS, &found);
    if (result == VAPO_RESULT_OK) {
        digit[0] = (char)('0' + found.class_index);
        print("class ");
        print(digit);
        print("\n");
    } else if (result != VAPO_RESULT_CLASSIFIER) {
        return result;
    }
    print_picture();
    return VAPO_RESULT_OK;
}

int digit(int count)
{
    VapoSampler *sampler;
    int32_t class_index;
    VapoResult result = vapo_init(digits_model, sizeof digits_model, arena, sizeof arena, &sampler);

    for (class_index = 0; result == VAPO_RESULT_OK && class_index < count; class_index++) {
        result = draw(sampler, class_index);
    }
    if (result != VAPO_RESULT_OK) {
        print(vapo_error_text(result));
        print("\n");
        return 1;
    }
    return 0;
}
