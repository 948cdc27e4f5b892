/*
 * From an error to what to do next (the error tables of functions 2.2 and 3.2).
 */
#pragma once

#include <glib.h>

#include "common/public.h"

/* One or two sentences, translated; NULL where the error says it all. The caller frees. */
TKE_PUBLIC char *tke_advice_for_error(const GError *error);

/*
 * What support wants to know and no officer needs: status word, code, the reader as the smart card
 * service names it. One line, translated, without a full stop; NULL where there is nothing. The
 * caller frees.
 */
TKE_PUBLIC char *tke_advice_details_for_error(const GError *error);
