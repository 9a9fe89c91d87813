/* Digits on a computer. */

#include "digit.h"
#include <stdio.h>

void print(const char *text)
{
    fputs(text, stdout);
}

int main(void)
{
    return digit(10);
}
