// Memory and buffers: a struct filled and a function called through the table, which Swift cannot reach by itself.
#include "internal.h"

int32_t cvk_memory_allocate(cvk_device *device, uint64_t bytes, uint32_t type, bool device_address, cvk_memory *memory) {
    const VkMemoryAllocateFlagsInfo flags = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_FLAGS_INFO,
        .flags = VK_MEMORY_ALLOCATE_DEVICE_ADDRESS_BIT,
    };
    const VkMemoryAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
        .pNext = device_address ? &flags : NULL,
        .allocationSize = bytes,
        .memoryTypeIndex = type,
    };
    VkDeviceMemory handle = VK_NULL_HANDLE;
    const VkResult result = device->vkAllocateMemory(device->handle, &info, NULL, &handle);
    memory->value = CVK_VALUE(handle);
    return result;
}

void cvk_memory_free(cvk_device *device, cvk_memory memory) {
    device->vkFreeMemory(device->handle, CVK_HANDLE(VkDeviceMemory, memory), NULL);
}

int32_t cvk_memory_map(cvk_device *device, cvk_memory memory, void **address) {
    return device->vkMapMemory(device->handle, CVK_HANDLE(VkDeviceMemory, memory), 0, VK_WHOLE_SIZE, 0, address);
}

int32_t cvk_buffer_create(cvk_device *device, uint64_t bytes, bool device_address, cvk_buffer *buffer, uint64_t *memory_bytes,
                          uint64_t *alignment, uint32_t *memory_types) {
    const VkBufferCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
        .size = bytes,
        .usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT |
                 (device_address ? VK_BUFFER_USAGE_SHADER_DEVICE_ADDRESS_BIT : 0),
        .sharingMode = VK_SHARING_MODE_EXCLUSIVE,
    };
    VkBuffer handle = VK_NULL_HANDLE;
    const VkResult result = device->vkCreateBuffer(device->handle, &info, NULL, &handle);
    buffer->value = CVK_VALUE(handle);
    if (result < 0) return result;
    VkMemoryRequirements requirements;
    device->vkGetBufferMemoryRequirements(device->handle, handle, &requirements);
    *memory_bytes = requirements.size;
    *alignment = requirements.alignment;
    *memory_types = requirements.memoryTypeBits;
    return VK_SUCCESS;
}

void cvk_buffer_destroy(cvk_device *device, cvk_buffer buffer) {
    device->vkDestroyBuffer(device->handle, CVK_HANDLE(VkBuffer, buffer), NULL);
}

int32_t cvk_buffer_bind(cvk_device *device, cvk_buffer buffer, cvk_memory memory, uint64_t offset) {
    return device->vkBindBufferMemory(device->handle, CVK_HANDLE(VkBuffer, buffer), CVK_HANDLE(VkDeviceMemory, memory), offset);
}

uint64_t cvk_buffer_address(cvk_device *device, cvk_buffer buffer) {
    const VkBufferDeviceAddressInfo info = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_DEVICE_ADDRESS_INFO,
        .buffer = CVK_HANDLE(VkBuffer, buffer),
    };
    return device->vkGetBufferDeviceAddress(device->handle, &info);
}

static void name_object(cvk_device *device, VkObjectType type, uint64_t handle, const char *name) {
    if (!device->instance->debug_utils) return;
    const VkDebugUtilsObjectNameInfoEXT info = {
        .sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_OBJECT_NAME_INFO_EXT,
        .objectType = type,
        .objectHandle = handle,
        .pObjectName = name,
    };
    device->instance->vkSetDebugUtilsObjectNameEXT(device->handle, &info);
}

void cvk_name_buffer(cvk_device *device, cvk_buffer buffer, const char *name) {
    name_object(device, VK_OBJECT_TYPE_BUFFER, buffer.value, name);
}

void cvk_name_pipeline(cvk_device *device, cvk_pipeline pipeline, const char *name) {
    name_object(device, VK_OBJECT_TYPE_PIPELINE, pipeline.value, name);
}

void cvk_name_commands(cvk_device *device, cvk_commands commands, const char *name) {
    name_object(device, VK_OBJECT_TYPE_COMMAND_BUFFER, CVK_VALUE(commands.value), name);
}
