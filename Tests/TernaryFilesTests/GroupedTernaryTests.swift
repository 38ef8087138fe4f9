import Testing

@testable import TernaryCore
@testable import TernaryFiles

@Suite("Ternary values in floats")
struct GroupedTernaryTests {
    /// Trits times scales of groups, as a safetensors file would hold them.
    static func matrix(
        rows: Int, columns: Int, group: Int, type: String = "F16", levels: [Float] = [-1, 0, 1]
    ) -> (values: [Float], found: LinearMatrix?) {
        var random = SplitMix64(seed: UInt64(rows * columns + group))
        var values: [Float] = []
        var scale: Float = 0.5
        for _ in 0..<rows {
            for column in 0..<columns {
                if column % group == 0 { scale = Float(random.next() % 1000 + 1) / 8192 }
                values.append(levels[Int(random.next() % UInt64(levels.count))] * scale)
            }
        }
        return (values, found(values, rows: rows, columns: columns, type: type))
    }

    static func found(_ values: [Float], rows: Int, columns: Int, type: String = "F16") -> LinearMatrix? {
        let element: FloatElement = type == "F16" ? .float16 : type == "BF16" ? .bfloat16 : .float32
        return TinyTensor("", [rows, columns], values, type: type).bytes.withUnsafeBytes {
            GroupedTernary.matrix($0, element, rows: rows, columns: columns)
        }
    }

    static func scales(_ matrix: LinearMatrix?) -> GroupScales? {
        guard case .ternary(_, let scales)? = matrix else { return nil }
        return scales
    }

    static func values(_ matrix: LinearMatrix) -> [Float] { (0..<matrix.rows).flatMap(matrix.row) }

    @Test("have the coarsest scales that are exact", arguments: [64, 128, 256, 1000], ["F16", "F32"])
    func groups(group: Int, type: String) throws {
        for columns in [512, 700] {
            let (values, found) = Self.matrix(rows: 9, columns: columns, group: group, type: type)
            let matrix = try #require(found)
            #expect(Self.values(matrix) == values)
            #expect(Self.scales(matrix)?.columns == min(group, columns))
        }
    }

    @Test("one scale for all is the matrix's own", arguments: ["F16", "BF16", "F32"])
    func whole(type: String) throws {
        let values = (0..<9 * 70).map { Float($0 % 3 - 1) * 0.375 }
        let matrix = try #require(Self.found(values, rows: 9, columns: 70, type: type))
        #expect(Self.scales(matrix) == nil && Self.values(matrix) == values)
        guard case .ternary(let ternary, nil) = matrix else { return #expect(Bool(false)) }
        #expect(ternary.scale == 0.375)
    }

    @Test("may have a fourth level, twice the scale", arguments: [64, 256])
    func fourLevels(group: Int) throws {
        let (values, found) = Self.matrix(rows: 5, columns: 256, group: group, levels: [-1, 0, 1, 2])
        let matrix = try #require(found)
        #expect(Self.values(matrix) == values && Self.scales(matrix)?.columns == group)
        // Without a negative value and without the single one, twice the scale is a scale.
        let doubles = Self.matrix(rows: 5, columns: 256, group: group, levels: [0, 2])
        #expect(Self.values(try #require(doubles.found)) == doubles.values)
    }

    @Test("zeros and rows of zeros are ternary")
    func zeros() throws {
        #expect(
            Self.values(try #require(Self.found([Float](repeating: 0, count: 640), rows: 5, columns: 128))).allSatisfy { $0 == 0 }
        )
        var (values, _) = Self.matrix(rows: 5, columns: 128, group: 64)
        for column in 0..<128 { values[128 + column] = -0.0 }
        #expect(Self.values(try #require(Self.found(values, rows: 5, columns: 128))) == values)
    }

    @Test(
        "one stray value makes a matrix dense",
        arguments: [3, -3, 0.5, -0.5, -2, 1.001, Float.infinity, -.infinity, .nan], [0, 63, 64, 700, 1279])
    func stray(factor: Float, place: Int) {
        var values = (0..<1280).map { Float($0 % 3 - 1) * 0.375 }
        for index in 0..<1280 where index % 7 == 0 { values[index] = 0.375 }
        values[place] = 0.375 * factor
        #expect(Self.found(values, rows: 10, columns: 128, type: "F32") == nil)
    }
}
