// Vulkan as Swift sees it: plain structs and functions, no Vulkan header, no globals.
//
// Why C at all: the function pointers come from dlopen at run time, pNext chains need stable addresses of many structs at once
// (nested unsafe closures in Swift), Vulkan's constants are partly function-like macros, and the messenger calls back into C.
// There is no policy here: which device, which memory type and which feature to use is decided in VulkanCompute.
//
// Functions that can fail return a VkResult as int32_t: 0 is success, negative an error.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// One struct for each kind of handle, so that a buffer does not pass for a pipeline in Swift.
typedef struct { uint64_t value; } cvk_buffer;
typedef struct { uint64_t value; } cvk_memory;
typedef struct { uint64_t value; } cvk_set_layout;
typedef struct { uint64_t value; } cvk_pipeline_layout;
typedef struct { uint64_t value; } cvk_pipeline;
typedef struct { uint64_t value; } cvk_pipeline_cache;
typedef struct { uint64_t value; } cvk_command_pool;
typedef struct { uint64_t value; } cvk_descriptor_pool;
typedef struct { uint64_t value; } cvk_descriptor_set;
typedef struct { uint64_t value; } cvk_query_pool;
typedef struct { uint64_t value; } cvk_fence;
typedef struct { void *value; } cvk_commands; // a command buffer

typedef struct cvk_instance cvk_instance;
typedef struct cvk_device cvk_device;

// VkResult values that Swift tells apart.
enum {
    CVK_SUCCESS = 0,
    CVK_NOT_READY = 1,
    CVK_TIMEOUT = 2,
    CVK_INCOMPLETE = 5,
    CVK_ERROR_OUT_OF_HOST_MEMORY = -1,
    CVK_ERROR_OUT_OF_DEVICE_MEMORY = -2,
    CVK_ERROR_INITIALIZATION_FAILED = -3,
    CVK_ERROR_DEVICE_LOST = -4,
    CVK_ERROR_LAYER_NOT_PRESENT = -6,
    CVK_ERROR_INCOMPATIBLE_DRIVER = -9,
    CVK_ERROR_TOO_MANY_OBJECTS = -10,
    CVK_ERROR_OUT_OF_POOL_MEMORY = -1000069000,
};

// What a device can do beyond Vulkan 1.2's guarantees; a bit each in cvk_capabilities.features.
enum {
    CVK_FEATURE_INTEGER_DOT_PRODUCT = 1 << 0,
    CVK_FEATURE_INTEGER_DOT_ACCELERATED_SIGNED = 1 << 1, // 4x8 bits packed in a word, both signed
    CVK_FEATURE_INTEGER_DOT_ACCELERATED_MIXED = 1 << 2,  // 4x8 bits packed in a word, unsigned times signed
    CVK_FEATURE_INT8 = 1 << 3,                           // arithmetic on 8 bits
    CVK_FEATURE_INT8_STORAGE = 1 << 4,                   // 8-bit members of storage buffers
    CVK_FEATURE_INT16 = 1 << 5,
    CVK_FEATURE_INT16_STORAGE = 1 << 6,
    CVK_FEATURE_INT64 = 1 << 7,
    CVK_FEATURE_FLOAT16 = 1 << 8,
    CVK_FEATURE_BUFFER_DEVICE_ADDRESS = 1 << 9,
    CVK_FEATURE_SUBGROUP_ARITHMETIC = 1 << 10, // compute stage, as the three below
    CVK_FEATURE_SUBGROUP_SHUFFLE = 1 << 11,    // shuffle and relative shuffle
    CVK_FEATURE_SUBGROUP_BALLOT = 1 << 12,
    CVK_FEATURE_SUBGROUP_CLUSTERED = 1 << 13,
    CVK_FEATURE_SUBGROUP_SIZE_CONTROL = 1 << 14, // required subgroup size and full subgroups in compute
    CVK_FEATURE_COOPERATIVE_MATRIX = 1 << 15,    // VK_KHR_cooperative_matrix in compute
    CVK_FEATURE_VULKAN_MEMORY_MODEL = 1 << 16,   // with device scope
    CVK_FEATURE_SCALAR_BLOCK_LAYOUT = 1 << 17,
    CVK_FEATURE_TIMESTAMPS = 1 << 18,
    CVK_FEATURE_MEMORY_BUDGET = 1 << 19,
    CVK_FEATURE_ROUND_TO_NEAREST_FLOAT32 = 1 << 20, // the RoundingModeRTE execution mode may be declared
    CVK_FEATURE_MAINTENANCE4 = 1 << 21,             // LocalSizeId, and the greatest buffer size is known
    CVK_FEATURE_INT64_ATOMICS = 1 << 22,            // atomics on 64-bit integers in storage buffers
};

enum { // VkMemoryPropertyFlagBits
    CVK_MEMORY_DEVICE_LOCAL = 1,
    CVK_MEMORY_HOST_VISIBLE = 2,
    CVK_MEMORY_HOST_COHERENT = 4,
    CVK_MEMORY_HOST_CACHED = 8,
};

typedef struct {
    uint32_t m, n, k;
    uint32_t a_type, b_type, c_type, result_type; // VkComponentTypeKHR
    bool saturating;
} cvk_cooperative_matrix;

typedef struct { uint32_t flags, heap; } cvk_memory_type;
typedef struct {
    uint64_t bytes;
    uint64_t free_bytes; // by VK_EXT_memory_budget; all where that is missing
    bool device_local;
} cvk_heap;

typedef struct {
    char name[256];
    char driver_name[256];
    char driver_info[256];
    uint32_t type; // VkPhysicalDeviceType: 0 other, 1 integrated, 2 discrete, 3 virtual, 4 CPU
    uint32_t vendor_id, device_id, driver_version, api_version;
    uint8_t device_uuid[16], driver_uuid[16], pipeline_cache_uuid[16];
    uint64_t features; // CVK_FEATURE_*
    uint32_t subgroup_size, min_subgroup_size, max_subgroup_size, max_workgroup_subgroups;
    uint32_t shared_memory_bytes, max_workgroup_invocations;
    uint32_t max_workgroup_size[3], max_workgroup_count[3];
    uint32_t max_push_constant_bytes, max_stage_storage_buffers;
    uint64_t max_storage_range, min_storage_offset_alignment;
    uint64_t max_allocation_bytes, max_buffer_bytes;
    uint32_t max_allocation_count;
    float timestamp_period; // nanoseconds a tick
    uint32_t timestamp_valid_bits;
    int32_t queue_family; // the first that computes; -1: none does
    uint32_t memory_type_count, heap_count;
    cvk_memory_type memory_types[32];
    cvk_heap heaps[16];
    uint32_t cooperative_matrix_count;
    cvk_cooperative_matrix cooperative_matrices[64];
} cvk_capabilities;

// MARK: Instance

// Opens the loader, or a driver that exports vk_icdGetInstanceProcAddr, and makes an instance. On failure *instance is NULL and `message`
// says why. Returns a VkResult; CVK_ERROR_INITIALIZATION_FAILED with *loaded false where the library itself cannot be used.
int32_t cvk_instance_create(const char *library, bool validation, cvk_instance **instance, bool *loaded, char *message,
                            size_t message_size);
void cvk_instance_destroy(cvk_instance *instance);
// The oldest validation message not taken yet, to be freed by free(); NULL where there is none. Any thread.
char *cvk_instance_take_message(cvk_instance *instance);

int32_t cvk_physical_device_count(cvk_instance *instance, uint32_t *count);
int32_t cvk_physical_device_capabilities(cvk_instance *instance, uint32_t index, cvk_capabilities *capabilities);

// MARK: Device and queue

// Enables the features of the mask that need enabling. *call names the Vulkan function that failed.
int32_t cvk_device_create(cvk_instance *instance, uint32_t index, uint64_t features, cvk_device **device, const char **call);
void cvk_device_destroy(cvk_device *device);
int32_t cvk_device_wait_idle(cvk_device *device);
// budget and usage of each heap, in bytes; false where VK_EXT_memory_budget is missing.
bool cvk_device_memory_budget(cvk_device *device, uint64_t budget[16], uint64_t usage[16]);

// MARK: Memory and buffers

int32_t cvk_memory_allocate(cvk_device *device, uint64_t bytes, uint32_t type, bool device_address, cvk_memory *memory);
void cvk_memory_free(cvk_device *device, cvk_memory memory);
int32_t cvk_memory_map(cvk_device *device, cvk_memory memory, void **address);

// A storage buffer that can also be a transfer's source or destination; the out parameters say what memory it wants.
int32_t cvk_buffer_create(cvk_device *device, uint64_t bytes, bool device_address, cvk_buffer *buffer, uint64_t *memory_bytes,
                          uint64_t *alignment, uint32_t *memory_types);
void cvk_buffer_destroy(cvk_device *device, cvk_buffer buffer);
int32_t cvk_buffer_bind(cvk_device *device, cvk_buffer buffer, cvk_memory memory, uint64_t offset);
uint64_t cvk_buffer_address(cvk_device *device, cvk_buffer buffer);

// MARK: Pipelines

int32_t cvk_pipeline_cache_create(cvk_device *device, const void *bytes, size_t byte_count, cvk_pipeline_cache *cache);
void cvk_pipeline_cache_destroy(cvk_device *device, cvk_pipeline_cache cache);
// bytes NULL: only the size.
int32_t cvk_pipeline_cache_data(cvk_device *device, cvk_pipeline_cache cache, void *bytes, size_t *byte_count);

// Storage buffers at bindings 0, 1, ... of set 0 and one range of push constants.
int32_t cvk_layout_create(cvk_device *device, uint32_t bindings, uint32_t push_bytes, cvk_set_layout *set_layout,
                          cvk_pipeline_layout *layout);
void cvk_layout_destroy(cvk_device *device, cvk_set_layout set_layout, cvk_pipeline_layout layout);

typedef struct {
    const void *code; // SPIR-V, entry point main, 4-byte aligned
    size_t code_bytes;
    const uint32_t *constants; // specialization constants 0, 1, ...
    uint32_t constant_count;
    uint32_t required_subgroup_size; // 0: the driver's choice
    bool full_subgroups;
} cvk_pipeline_info;
int32_t cvk_pipeline_create(cvk_device *device, const cvk_pipeline_info *info, cvk_pipeline_layout layout, cvk_pipeline_cache cache,
                            cvk_pipeline *pipeline, const char **call);
void cvk_pipeline_destroy(cvk_device *device, cvk_pipeline pipeline);

// MARK: Recording

int32_t cvk_fence_create(cvk_device *device, cvk_fence *fence);
void cvk_fence_destroy(cvk_device *device, cvk_fence fence);
int32_t cvk_fence_status(cvk_device *device, cvk_fence fence);
int32_t cvk_fence_reset(cvk_device *device, cvk_fence fence);
int32_t cvk_fence_wait(cvk_device *device, cvk_fence fence, uint64_t timeout_nanoseconds);

int32_t cvk_commands_create(cvk_device *device, cvk_command_pool *pool, cvk_commands *commands);
void cvk_command_pool_destroy(cvk_device *device, cvk_command_pool pool);
int32_t cvk_commands_begin(cvk_device *device, cvk_commands commands);
int32_t cvk_commands_end(cvk_device *device, cvk_commands commands);
int32_t cvk_queue_submit(cvk_device *device, cvk_commands commands, cvk_fence fence);

int32_t cvk_descriptor_pool_create(cvk_device *device, uint32_t sets, uint32_t storage_buffers, cvk_descriptor_pool *pool);
void cvk_descriptor_pool_destroy(cvk_device *device, cvk_descriptor_pool pool);
typedef struct {
    cvk_buffer buffer;
    uint64_t offset, bytes;
} cvk_binding;
int32_t cvk_descriptor_set_create(cvk_device *device, cvk_descriptor_pool pool, cvk_set_layout layout, const cvk_binding *bindings,
                                  uint32_t count, cvk_descriptor_set *set);

int32_t cvk_query_pool_create(cvk_device *device, uint32_t count, cvk_query_pool *pool);
void cvk_query_pool_destroy(cvk_device *device, cvk_query_pool pool);
int32_t cvk_query_pool_read(cvk_device *device, cvk_query_pool pool, uint32_t count, uint64_t *ticks);

void cvk_cmd_bind_pipeline(cvk_device *device, cvk_commands commands, cvk_pipeline pipeline);
void cvk_cmd_bind_set(cvk_device *device, cvk_commands commands, cvk_pipeline_layout layout, cvk_descriptor_set set);
void cvk_cmd_push(cvk_device *device, cvk_commands commands, cvk_pipeline_layout layout, const void *bytes, uint32_t byte_count);
void cvk_cmd_dispatch(cvk_device *device, cvk_commands commands, uint32_t x, uint32_t y, uint32_t z);
void cvk_cmd_copy(cvk_device *device, cvk_commands commands, cvk_buffer from, uint64_t from_offset, cvk_buffer to, uint64_t to_offset,
                  uint64_t bytes);
void cvk_cmd_fill(cvk_device *device, cvk_commands commands, cvk_buffer buffer, uint64_t offset, uint64_t bytes, uint32_t word);
void cvk_cmd_reset_queries(cvk_device *device, cvk_commands commands, cvk_query_pool pool, uint32_t count);
void cvk_cmd_timestamp(cvk_device *device, cvk_commands commands, cvk_query_pool pool, uint32_t index);

// Where memory was written (from) and where it is to be seen (to) across a barrier.
enum { CVK_SCOPE_COMPUTE = 1, CVK_SCOPE_TRANSFER = 2, CVK_SCOPE_HOST = 4 };
void cvk_cmd_barrier(cvk_device *device, cvk_commands commands, uint32_t from, uint32_t to);

// MARK: Debug names; nothing happens where VK_EXT_debug_utils is missing

void cvk_name_buffer(cvk_device *device, cvk_buffer buffer, const char *name);
void cvk_name_pipeline(cvk_device *device, cvk_pipeline pipeline, const char *name);
void cvk_name_commands(cvk_device *device, cvk_commands commands, const char *name);
