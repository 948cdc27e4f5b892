/*
 * Programs now running that are known to use card readers: who may hold one (E-C19), and who may
 * have taken one for itself, so that the smart card service does not show it (F-009).
 */
#pragma once

#include "common/public.h"

typedef enum {
    TKE_READER_USERS_ALL,
    TKE_READER_USERS_PAST_SERVICE, /* those with a driver of their own */
} TkeReaderUsers;

/*
 * "scdaemon (4711), firefox (12, 13, 4712, …)"; NULL if there are none; not this process. Each program
 * once, with its processes in the order of their numbers, our own programs last, so that any number
 * of them hides none of the others. A longer list ends with "…". proc: "/proc". The caller frees.
 */
TKE_PUBLIC char *tke_reader_users_list(const char *proc, TkeReaderUsers which);
