import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.InputStreamReader;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/** Reads "chain ROOTS CHAIN" or "name CERTIFICATE NAME" and answers "yes", or "no" and why. */
class ChainChecker {
    static final CertificateFactory FACTORY = factory();

    static CertificateFactory factory() {
        try {
            return CertificateFactory.getInstance("X.509");
        } catch (Exception error) {
            throw new IllegalStateException(error);
        }
    }

    static X509Certificate[] read(String path) throws Exception {
        byte[] pem = Files.readAllBytes(Path.of(path));
        return FACTORY.generateCertificates(new ByteArrayInputStream(pem))
            .toArray(new X509Certificate[0]);
    }

    static void checkChain(String roots, String chain) throws Exception {
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        int number = 0;
        for (X509Certificate root : read(roots)) {
            trusted.setCertificateEntry("root " + number++, root);
        }
        TrustManagerFactory managers = TrustManagerFactory.getInstance("PKIX");
        managers.init(trusted);
        ((X509TrustManager) managers.getTrustManagers()[0])
            .checkServerTrusted(read(chain), "ECDHE_RSA");
    }

    static void checkName(String certificate, String name) throws Exception {
        Class<?> kind = Class.forName("sun.security.util.HostnameChecker");
        Object checker = kind.getMethod("getInstance", byte.class).invoke(null, (byte) 1);
        Method match = kind.getMethod("match", String.class, X509Certificate.class);
        try {
            match.invoke(checker, name, read(certificate)[0]);
        } catch (InvocationTargetException error) {
            throw (Exception) error.getCause();
        }
    }

    public static void main(String[] arguments) throws Exception {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] words = line.split("\t", -1);
            try {
                if (words[0].equals("chain")) {
                    checkChain(words[1], words[2]);
                } else {
                    checkName(words[1], words[2]);
                }
                System.out.println("yes");
            } catch (Exception error) {
                System.out.println("no " + String.valueOf(error.getMessage()).split("\n")[0]);
            }
        }
    }
}
