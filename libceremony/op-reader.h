/*
 * Which reader is number 1 and which number 2 (functions 2.1; F-003). The choice is remembered in the settings.
 */
#pragma once

#include <stdbool.h>

#include "common/public.h"
#include "libceremony/operation.h"
#include "libceremony/settings.h"

/* Exchanges the numbers. */
TKE_PUBLIC bool tke_op_reader_swap(TkeOperation *op, TkeSettings *settings, GError **error);

/* The next reader that gets a card becomes reader 1. */
TKE_PUBLIC bool tke_op_reader_identify(TkeOperation *op, TkeSettings *settings, GError **error);
