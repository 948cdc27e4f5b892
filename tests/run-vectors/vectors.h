/*
 * Runs golden cases: arrays of {name: "kind/variant", note, inputs, expected} in JSON files.
 *
 * A file of handlers exports an array of VectorKind ended by one without kind, and is entered in
 * list.c. A handler takes its inputs, calls the code under test and compares with the vector_check_
 * functions; a case in which nothing was compared is a failure. What a handler asks for and does
 * not find in the case is a failure too, so it need not test for it: it gets an empty value.
 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Vector {
    const char *file; /* file name, for messages */
    const char *name; /* "kind/variant" */
    JsonObject *inputs;
    JsonObject *expected;
    /* private: */
    GString *failures;   /* what is wrong, one sentence after the other */
    const char *skipped; /* why the case is skipped; NULL: it is not */
    unsigned n_checks;
    GPtrArray *owned; /* values handed out */
} Vector;

typedef struct VectorKind {
    const char *stem; /* file it comes in, without ".json"; rows of this file are preferred */
    const char *kind; /* first half of the name, "*" for any that fits; NULL ends the array */
    void (*run)(Vector *vector);
    /* Tells cases of this kind from others of the same name by their shape; NULL: no need to. */
    bool (*fits)(JsonObject *inputs, JsonObject *expected);
} VectorKind;

/* All arrays of handlers, ended by NULL (list.c). */
extern const VectorKind *const vector_lists[];

/* Values of a case. They belong to the vector; a missing or wrong one fails the case. */
const char *vector_text(Vector *vector, JsonObject *object, const char *member);
GByteArray *vector_bytes(Vector *vector, JsonObject *object, const char *member); /* of hex text */
int64_t vector_int(Vector *vector, JsonObject *object, const char *member);
bool vector_bool(Vector *vector, JsonObject *object, const char *member);
JsonObject *vector_object(Vector *vector, JsonObject *object, const char *member);
JsonArray *vector_array(Vector *vector, JsonObject *object, const char *member);
/* Element i of an array, which has to be an object or a text. */
JsonObject *vector_element(Vector *vector, JsonArray *array, unsigned i);
const char *vector_element_text(Vector *vector, JsonArray *array, unsigned i);
GByteArray *vector_element_bytes(Vector *vector, JsonArray *array, unsigned i);

/* True if the member is there and not null. */
bool vector_has(JsonObject *object, const char *member);

/* Comparisons; what names the thing in messages. They return true if all is well. */
bool vector_check(Vector *vector, bool good, const char *format, ...) G_GNUC_PRINTF(3, 4);
bool vector_check_text(Vector *vector, const char *what, const char *got, const char *want);
bool vector_check_int(Vector *vector, const char *what, int64_t got, int64_t want);
bool vector_check_bytes(Vector *vector, const char *what, const uint8_t *got, size_t got_len,
                        const uint8_t *want, size_t want_len);

/* Compare with a member of expected. */
bool vector_check_member_hex(Vector *vector, const char *member, const uint8_t *got, size_t len);
bool vector_check_member_text(Vector *vector, const char *member, const char *got);
bool vector_check_member_int(Vector *vector, const char *member, int64_t got);

/*
 * Compares member "outcome" of the object with what happened: error NULL for "ok", set for "error",
 * "crash" and "overread". Returns true if both are good, so that there are results to compare.
 */
bool vector_check_outcome(Vector *vector, JsonObject *object, const GError *error);

/* Fails the case with the message of an error (which may be NULL). */
void vector_fail_error(Vector *vector, const char *what, const GError *error);

/* Gives the case up: the README says it describes a fault of its source. reason is a constant. */
void vector_skip(Vector *vector, const char *reason);

/* Lets the vector own a value until the case ends; returns it. */
void *vector_own(Vector *vector, void *value, GDestroyNotify free_func);
