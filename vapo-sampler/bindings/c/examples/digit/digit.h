/* What the program of digits needs, and gives. */
#ifndef DIGIT_H
#define DIGIT_H

/* Prints a text: the platform's. */
void print(const char *text);

/* Draws digits of the first `count` classes. 0 where all went well. */
int digit(int count);

#endif
