use crate::Failure;
use crate::options::Options;
use arrow::record_batch::RecordBatchReader;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use std::fs::{self, File};
use std::io::BufWriter;
use std::path::PathBuf;
use tpchgen::generators::{
    CustomerGenerator, LineItemGenerator, NationGenerator, OrderGenerator, PartGenerator, PartSuppGenerator, RegionGenerator,
    SupplierGenerator,
};
use tpchgen_arrow::{CustomerArrow, LineItemArrow, NationArrow, OrderArrow, PartArrow, PartSuppArrow, RegionArrow, SupplierArrow};

type Reader = Box<dyn RecordBatchReader>;

/// One table: how to make part `p` of `n` of it.
pub struct Table {
    name: &'static str,
    /// Nation and region are the same at every scale.
    grows: bool,
    reader: fn(f64, i32, i32) -> Reader,
}

macro_rules! table {
    ($name:literal, $grows:literal, $generator:ident, $arrow:ident) => {
        Table {
            name: $name,
            grows: $grows,
            reader: |scale, part, parts| Box::new($arrow::new($generator::new(scale, part, parts)).with_batch_size(8192)),
        }
    };
}

pub const TABLES: [Table; 8] = [
    table!("lineitem", true, LineItemGenerator, LineItemArrow),
    table!("orders", true, OrderGenerator, OrderArrow),
    table!("partsupp", true, PartSuppGenerator, PartSuppArrow),
    table!("part", true, PartGenerator, PartArrow),
    table!("customer", true, CustomerGenerator, CustomerArrow),
    table!("supplier", true, SupplierGenerator, SupplierArrow),
    table!("nation", false, NationGenerator, NationArrow),
    table!("region", false, RegionGenerator, RegionArrow),
];

/// One file to be written.
pub struct Job {
    table: &'static Table,
    part: i32,
    parts: i32,
}

impl Table {
    pub fn jobs(&'static self, options: &Options) -> Vec<Job> {
        let parts = if self.grows { options.parts } else { 1 };
        (1..=parts).map(|part| Job { table: self, part, parts }).collect()
    }
}

impl Job {
    fn path(&self, options: &Options) -> Result<PathBuf, Failure> {
        if self.parts == 1 {
            return Ok(options.output.join(format!("{}.parquet", self.table.name)));
        }
        let dir = options.output.join(self.table.name);
        fs::create_dir_all(&dir)?;
        Ok(dir.join(format!("part-{:05}.parquet", self.part - 1)))
    }

    pub fn run(&self, options: &Options) -> Result<(), Failure> {
        let reader = (self.table.reader)(options.scale, self.part, self.parts);
        let properties = WriterProperties::builder()
            .set_compression(options.compression)
            .set_max_row_group_row_count(Some(options.row_group_rows))
            .build();
        let file = BufWriter::with_capacity(1 << 20, File::create(self.path(options)?)?);
        let mut writer = ArrowWriter::try_new(file, reader.schema(), Some(properties))?;
        for batch in reader {
            writer.write(&batch?)?;
        }
        writer.close()?;
        Ok(())
    }
}
