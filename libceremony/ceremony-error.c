/*
 * Error domain of the procedures.
 */
#include "libceremony/ceremony-error.h"

G_DEFINE_QUARK(tke - ceremony - error - quark, tke_ceremony_error)
