# the module alone under ASan and UBSan; the unmodified nginx is started with
#
#   LD_PRELOAD="$(cc -print-file-name=libasan.so) \
#       $(cc -print-file-name=libubsan.so)"
#
# It sees errors of malloc()ed memory, not overflows inside nginx's pools.

MODULE_CFLAGS = -g -O1 -fno-omit-frame-pointer -DNGX_AIDIAL_DEBUG=1 \
                -fsanitize=address,undefined -fno-sanitize-recover=undefined
MODULE_LDFLAGS = -fsanitize=address,undefined
