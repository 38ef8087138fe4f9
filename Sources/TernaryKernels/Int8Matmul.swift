import VulkanCompute

/// A plain product of int8 matrices on matrix units: the ceiling of ternary products there.
///
/// Buffers: a `(rows, columns)` int8, b `(yColumns, columns)` int8, y `(rows, yColumns)` int32 (`Shaders/int8_matmul`). Only for devices
/// of which `DeviceTraits.int8Matrices` is true.
public struct Int8Matmul: Kernel {
    /// The push-constant block.
    public struct Params: BitwiseCopyable, Sendable { var rows, yColumns, columns: UInt32 }

    /// What a work group computes and how much it loads at a time.
    public struct Tile: Sendable, Equatable {
        /// Rows of y, and columns of it: multiples of 64.
        public var rows: Int, columns: Int
        /// Columns of a and b in shared memory: a multiple of 32.
        public var slab: Int

        var invocations: Int { rows / 64 * (columns / 64) * 32 }
        /// Shared memory: each row is followed by 16 bytes.
        var sharedBytes: Int { (rows + columns) * (slab + 16) }
        /// As people write it.
        public var name: String { "\(rows)x\(columns)x\(slab)" }

        /// Those worth trying on a device: which is fastest differs.
        public static func candidates(for device: DeviceTraits) -> [Tile] {
            [
                Tile(rows: 128, columns: 128, slab: 64), Tile(rows: 128, columns: 128, slab: 128),
                Tile(rows: 256, columns: 128, slab: 64), Tile(rows: 128, columns: 256, slab: 64),
                Tile(rows: 128, columns: 128, slab: 32),
            ].filter { $0.sharedBytes <= device.sharedMemoryBytes }
        }
    }

    /// The buffers named above.
    public static let bindings = 3

    /// Sides of the matrices: multiples of the tile's.
    public var rows: Int, yColumns: Int, columns: Int
    /// How it is laid over the device.
    public var tile: Tile

    /// Describes one dispatch.
    public init(rows: Int, yColumns: Int, columns: Int, tile: Tile) {
        precondition(
            rows.isMultiple(of: tile.rows) && yColumns.isMultiple(of: tile.columns) && columns.isMultiple(of: tile.slab),
            "\(rows)x\(yColumns)x\(columns) in tiles of \(tile.name)")
        self.rows = rows
        self.yColumns = yColumns
        self.columns = columns
        self.tile = tile
    }

    /// Multiplications and additions.
    public var operations: Int { 2 * rows * yColumns * columns }

    /// The only build there is.
    public func code(for device: DeviceTraits) -> ShaderCode { CompiledKernels.int8MatmulUnits }
    /// In order of `constant_id`.
    public func constants(for device: DeviceTraits) -> [UInt32] {
        [UInt32(device.subgroupSize)] + [tile.invocations, tile.rows, tile.columns, tile.slab / 16].map { UInt32($0) }
    }
    /// As the shader declares them.
    public var params: Params { Params(rows: UInt32(rows), yColumns: UInt32(yColumns), columns: UInt32(columns)) }
    /// A work group for a tile of y; the shader orders them.
    public func workgroups(for device: DeviceTraits) -> (x: Int, y: Int) {
        (rows / tile.rows * (yColumns / tile.columns), 1)
    }
}
