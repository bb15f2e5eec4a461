/*
 * @TITLE@
 *
 * For Gemmini "@MACHINE@": @SIZES@. Semantics: @SEMANTICS@.
 * Not for several threads at once: all memory is static.
 */
#ifndef @GUARD@_H
#define @GUARD@_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Row-major, little-endian; shapes in brackets. */
typedef struct {
@INPUTS@} @NAME@_inputs;

typedef struct {
@OUTPUTS@} @NAME@_outputs;

/* Fits the commands to where the linker put their data. Once is enough; @NAME@_run does it too. */
void @NAME@_init(void);

/* One inference. Returns NULL, or what is wrong with the inputs. */
const char *@NAME@_run(const @NAME@_inputs *in, const @NAME@_outputs *out);

#ifdef __cplusplus
}
#endif

#endif
