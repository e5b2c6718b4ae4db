import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.text.SimpleDateFormat;
import java.util.Date;
import java.util.TimeZone;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.quartz.CronExpression;

/**
 * Expressions in, one a line; out, for each of them, what Quartz says of it: `refused`, or the next
 * three times after the start of 2026 in UTC, and `never` where there are no more. A tab is written
 * as \t. Made quartz.tsv with Quartz 2.3.2 (Debian's libquartz2-java):
 *
 *   javac -cp quartz2.jar:slf4j-api.jar QuartzTable.java
 *   cut -f1 quartz.tsv | java -cp quartz2.jar:slf4j-api.jar:. QuartzTable
 */
public class QuartzTable {
  public static void main(String[] arguments) throws Exception {
    TimeZone utc = TimeZone.getTimeZone("UTC");
    TimeZone.setDefault(utc);
    SimpleDateFormat format = new SimpleDateFormat("yyyy-MM-dd'T'HH:mm:ss'Z'");
    format.setTimeZone(utc);
    Date start = format.parse("2026-01-01T00:00:00Z");
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      System.out.println(line + "\t" + said(line.replace("\\t", "\t"), start, format));
    }
    System.exit(0);
  }

  private static String said(String text, Date start, SimpleDateFormat format) {
    StringBuilder times = new StringBuilder();
    Date last = start;
    try {
      CronExpression expression = new CronExpression(text);
      for (int i = 0; i < 3; i++) {
        Date before = last;
        ExecutorService other = Executors.newSingleThreadExecutor();
        // for some expressions it comes to no end
        last = other.submit(() -> expression.getTimeAfter(before)).get(5, TimeUnit.SECONDS);
        other.shutdown();
        if (last == null) {
          return times.append(" never").substring(1);
        }
        times.append(" ").append(format.format(last));
      }
    } catch (Exception refused) {
      return "refused";
    }
    return times.substring(1);
  }
}
