/*
 * The error domain of faults that belong to no device.
 */
#include "common/error.h"

G_DEFINE_QUARK(tke - error - quark, tke_error)
