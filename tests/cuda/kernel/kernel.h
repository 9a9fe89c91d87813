// All that translated kernels need.
#pragma once
#include "access.h"
#include "arithmetic.h"
#include "conversions.h"
#include "integers.h"
