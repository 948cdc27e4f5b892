/*
 * Searches the memory of another process: every resident page that it may write to.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Values to look for, each with the places in which it was found. */
typedef struct Needle {
    char *what;
    uint8_t bytes[140];
    size_t len;
    bool digits; /* a PIN: counts only where no other hex digit is beside it */
    size_t tail; /* so many hex digits must follow; they are kept as the tail of the result */
} Needle;

/* Needles; the caller frees. A value is added raw, as hex in both cases and, from 16 bytes on, as
 * a number in the words of OpenSSL; a PIN as digits, as their hex, and as the block that goes to a
 * card, raw and as hex. */
GPtrArray *memory_scan_needles_new(void);
void memory_scan_add(GPtrArray *needles, const char *what, const uint8_t *bytes, size_t len);
void memory_scan_add_pin(GPtrArray *needles, const char *what, const char *digits);

typedef struct ScanResult {
    unsigned outside; /* finds in ordinary memory */
    unsigned locked;  /* finds in mappings that are locked (VmFlags lo) */
    size_t bytes;     /* ordinary memory searched */
    char *first;      /* what was found first outside, and where; NULL: nothing */
    char *tail;       /* of the needle that was found last and has one; NULL: none was */
} ScanResult;

void scan_result_clear(ScanResult *result);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ScanResult, scan_result_clear)

/* Searches the process; false if its memory cannot be read. */
bool memory_scan_process(pid_t pid, const GPtrArray *needles, ScanResult *result);

/* The bearer token of a virtual service that the process holds somewhere, without "Bearer "; the
 * caller frees; NULL: none is there. */
char *memory_scan_find_token(pid_t pid);

/* Searches bytes; what names them in the result. */
void memory_scan_bytes(const uint8_t *bytes, size_t len, const GPtrArray *needles, const char *what,
                       ScanResult *result);
