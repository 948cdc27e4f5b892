/*
 * What somebody meant who typed a word that there is not.
 */
#pragma once

#include <glib.h>

#include "common/public.h"

/*
 * The one of names (ends with NULL) that is nearest to what was typed: few letters other, or what
 * was typed is how it begins. The first one of several; NULL if none is near enough to be what was
 * meant.
 */
TKE_PUBLIC const char *tke_nearest_name(const char *typed, const char *const *names);
