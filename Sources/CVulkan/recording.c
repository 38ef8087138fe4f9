// Command buffers, descriptor sets and queries: thin calls through the table.
#include "internal.h"

#include <stdlib.h>

int32_t cvk_commands_create(cvk_device *device, cvk_command_pool *pool, cvk_commands *commands) {
    const VkCommandPoolCreateInfo pool_info = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
        .queueFamilyIndex = device->queue_family,
    };
    VkCommandPool handle = VK_NULL_HANDLE;
    VkResult result = device->vkCreateCommandPool(device->handle, &pool_info, NULL, &handle);
    if (result < 0) return result;
    const VkCommandBufferAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
        .commandPool = handle,
        .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
        .commandBufferCount = 1,
    };
    VkCommandBuffer buffer = VK_NULL_HANDLE;
    result = device->vkAllocateCommandBuffers(device->handle, &info, &buffer);
    if (result < 0) {
        device->vkDestroyCommandPool(device->handle, handle, NULL);
        return result;
    }
    pool->value = CVK_VALUE(handle);
    commands->value = buffer;
    return VK_SUCCESS;
}

void cvk_command_pool_destroy(cvk_device *device, cvk_command_pool pool) {
    device->vkDestroyCommandPool(device->handle, CVK_HANDLE(VkCommandPool, pool), NULL);
}

int32_t cvk_commands_begin(cvk_device *device, cvk_commands commands) {
    const VkCommandBufferBeginInfo info = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
    return device->vkBeginCommandBuffer(commands.value, &info);
}

int32_t cvk_commands_end(cvk_device *device, cvk_commands commands) { return device->vkEndCommandBuffer(commands.value); }

int32_t cvk_descriptor_pool_create(cvk_device *device, uint32_t sets, uint32_t storage_buffers, cvk_descriptor_pool *pool) {
    const VkDescriptorPoolSize size = {.type = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, .descriptorCount = storage_buffers};
    const VkDescriptorPoolCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
        .maxSets = sets,
        .poolSizeCount = 1,
        .pPoolSizes = &size,
    };
    VkDescriptorPool handle = VK_NULL_HANDLE;
    const VkResult result = device->vkCreateDescriptorPool(device->handle, &info, NULL, &handle);
    pool->value = CVK_VALUE(handle);
    return result;
}

void cvk_descriptor_pool_destroy(cvk_device *device, cvk_descriptor_pool pool) {
    device->vkDestroyDescriptorPool(device->handle, CVK_HANDLE(VkDescriptorPool, pool), NULL);
}

int32_t cvk_descriptor_set_create(cvk_device *device, cvk_descriptor_pool pool, cvk_set_layout layout, const cvk_binding *bindings,
                                  uint32_t count, cvk_descriptor_set *set) {
    const VkDescriptorSetLayout layout_handle = CVK_HANDLE(VkDescriptorSetLayout, layout);
    const VkDescriptorSetAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
        .descriptorPool = CVK_HANDLE(VkDescriptorPool, pool),
        .descriptorSetCount = 1,
        .pSetLayouts = &layout_handle,
    };
    VkDescriptorSet handle = VK_NULL_HANDLE;
    const VkResult result = device->vkAllocateDescriptorSets(device->handle, &info, &handle);
    if (result < 0) return result;
    VkDescriptorBufferInfo *buffers = calloc(count ? count : 1, sizeof *buffers);
    VkWriteDescriptorSet *writes = calloc(count ? count : 1, sizeof *writes);
    if (!buffers || !writes) {
        free(buffers);
        free(writes);
        return VK_ERROR_OUT_OF_HOST_MEMORY;
    }
    for (uint32_t i = 0; i < count; i++) {
        buffers[i] = (VkDescriptorBufferInfo){
            .buffer = CVK_HANDLE(VkBuffer, bindings[i].buffer),
            .offset = bindings[i].offset,
            .range = bindings[i].bytes,
        };
        writes[i] = (VkWriteDescriptorSet){
            .sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
            .dstSet = handle,
            .dstBinding = i,
            .descriptorCount = 1,
            .descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
            .pBufferInfo = &buffers[i],
        };
    }
    device->vkUpdateDescriptorSets(device->handle, count, writes, 0, NULL);
    free(buffers);
    free(writes);
    set->value = CVK_VALUE(handle);
    return VK_SUCCESS;
}

int32_t cvk_query_pool_create(cvk_device *device, uint32_t count, cvk_query_pool *pool) {
    const VkQueryPoolCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
        .queryType = VK_QUERY_TYPE_TIMESTAMP,
        .queryCount = count,
    };
    VkQueryPool handle = VK_NULL_HANDLE;
    const VkResult result = device->vkCreateQueryPool(device->handle, &info, NULL, &handle);
    pool->value = CVK_VALUE(handle);
    return result;
}

void cvk_query_pool_destroy(cvk_device *device, cvk_query_pool pool) {
    device->vkDestroyQueryPool(device->handle, CVK_HANDLE(VkQueryPool, pool), NULL);
}

int32_t cvk_query_pool_read(cvk_device *device, cvk_query_pool pool, uint32_t count, uint64_t *ticks) {
    return device->vkGetQueryPoolResults(device->handle, CVK_HANDLE(VkQueryPool, pool), 0, count, (size_t)count * sizeof *ticks, ticks,
                                         sizeof *ticks, VK_QUERY_RESULT_64_BIT);
}

void cvk_cmd_bind_pipeline(cvk_device *device, cvk_commands commands, cvk_pipeline pipeline) {
    device->vkCmdBindPipeline(commands.value, VK_PIPELINE_BIND_POINT_COMPUTE, CVK_HANDLE(VkPipeline, pipeline));
}

void cvk_cmd_bind_set(cvk_device *device, cvk_commands commands, cvk_pipeline_layout layout, cvk_descriptor_set set) {
    const VkDescriptorSet handle = CVK_HANDLE(VkDescriptorSet, set);
    device->vkCmdBindDescriptorSets(commands.value, VK_PIPELINE_BIND_POINT_COMPUTE, CVK_HANDLE(VkPipelineLayout, layout), 0, 1, &handle, 0,
                                    NULL);
}

void cvk_cmd_push(cvk_device *device, cvk_commands commands, cvk_pipeline_layout layout, const void *bytes, uint32_t byte_count) {
    device->vkCmdPushConstants(commands.value, CVK_HANDLE(VkPipelineLayout, layout), VK_SHADER_STAGE_COMPUTE_BIT, 0, byte_count, bytes);
}

void cvk_cmd_dispatch(cvk_device *device, cvk_commands commands, uint32_t x, uint32_t y, uint32_t z) {
    device->vkCmdDispatch(commands.value, x, y, z);
}

void cvk_cmd_copy(cvk_device *device, cvk_commands commands, cvk_buffer from, uint64_t from_offset, cvk_buffer to, uint64_t to_offset,
                  uint64_t bytes) {
    const VkBufferCopy region = {.srcOffset = from_offset, .dstOffset = to_offset, .size = bytes};
    device->vkCmdCopyBuffer(commands.value, CVK_HANDLE(VkBuffer, from), CVK_HANDLE(VkBuffer, to), 1, &region);
}

void cvk_cmd_fill(cvk_device *device, cvk_commands commands, cvk_buffer buffer, uint64_t offset, uint64_t bytes, uint32_t word) {
    device->vkCmdFillBuffer(commands.value, CVK_HANDLE(VkBuffer, buffer), offset, bytes, word);
}

void cvk_cmd_reset_queries(cvk_device *device, cvk_commands commands, cvk_query_pool pool, uint32_t count) {
    device->vkCmdResetQueryPool(commands.value, CVK_HANDLE(VkQueryPool, pool), 0, count);
}

void cvk_cmd_timestamp(cvk_device *device, cvk_commands commands, cvk_query_pool pool, uint32_t index) {
    device->vkCmdWriteTimestamp(commands.value, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, CVK_HANDLE(VkQueryPool, pool), index);
}

void cvk_cmd_barrier(cvk_device *device, cvk_commands commands, uint32_t from, uint32_t to) {
    VkPipelineStageFlags from_stages = 0, to_stages = 0;
    VkMemoryBarrier barrier = {.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER};
    if (from & CVK_SCOPE_COMPUTE) {
        from_stages |= VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT;
        barrier.srcAccessMask |= VK_ACCESS_SHADER_WRITE_BIT;
    }
    if (from & CVK_SCOPE_TRANSFER) {
        from_stages |= VK_PIPELINE_STAGE_TRANSFER_BIT;
        barrier.srcAccessMask |= VK_ACCESS_TRANSFER_WRITE_BIT;
    }
    if (to & CVK_SCOPE_COMPUTE) {
        to_stages |= VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT;
        barrier.dstAccessMask |= VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT;
    }
    if (to & CVK_SCOPE_TRANSFER) {
        to_stages |= VK_PIPELINE_STAGE_TRANSFER_BIT;
        barrier.dstAccessMask |= VK_ACCESS_TRANSFER_READ_BIT | VK_ACCESS_TRANSFER_WRITE_BIT;
    }
    if (to & CVK_SCOPE_HOST) {
        to_stages |= VK_PIPELINE_STAGE_HOST_BIT;
        barrier.dstAccessMask |= VK_ACCESS_HOST_READ_BIT;
    }
    if (!from_stages || !to_stages) return;
    device->vkCmdPipelineBarrier(commands.value, from_stages, to_stages, 0, 1, &barrier, 0, NULL, 0, NULL);
}
