// Totals of a program, written when it ends.
#pragma once
#include <cstdint>
#include <string>

enum class Direction { ToDevice, FromDevice, OnDevice };

void count_copy(Direction direction, uint64_t bytes);
void count_fill(uint64_t bytes);
void count_launch(const std::string& name, uint64_t threads, double seconds);
